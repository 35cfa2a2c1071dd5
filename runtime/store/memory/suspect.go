package memory

import "github.com/bextgen/bextgen/runtime/store"

// This file is about runs under which processes died: see store.Store.Acquire and Claim.

// suspected says that the run may be what ended the process, each time.
func (r *run) suspected() bool { return r.takeovers >= store.SuspectAfter }

// takeSuspect claims the suspect with the most takeovers, if there is one.
func (s *Store) takeSuspect(q store.ClaimQuery) []store.Claimed {
	var first *run
	for _, r := range s.data.live {
		if r.token == 0 && r.suspected() && versionOf(r, q.Flows) != nil && (first == nil || r.takeovers > first.takeovers) {
			first = r
		}
	}
	s.data.alone = first
	if first == nil {
		return nil
	}
	return []store.Claimed{s.take(first)}
}
