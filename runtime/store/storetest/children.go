package storetest

import (
	"errors"
	"strings"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

var childrenTests = []test{
	{"children are created with the change", func(s *suite) {
		st := s.executing()
		parent, claim := s.claimed(st)
		child := s.newRun(func(r *store.Run) { r.ParentID, r.Priority = parent.ID, 3 })
		change := store.Change{Claim: claim, Entries: []flow.Entry{opened(1)}, Children: []store.Run{child}}
		s.commit(st, change)
		s.commit(st, change) // as after an error of which nobody knows what it means
		child.Status = flow.StatusPending
		got, entries := s.get(st, child.ID)
		s.same("the child", got, child)
		s.same("its log", entries, []flow.Entry{})
		s.same("what is due", ids(s.claim(st, at(0), 10)), []string{child.ID})
		s.commit(st, change)
		s.same("what is due once it is claimed", ids(s.claim(st, at(0), 10)), []string{})
	}},
	{"a change that is refused creates and sends nothing", func(s *suite) {
		st := s.executing()
		parent, claim := s.claimed(st)
		other := s.create(st, s.newRun(), false).Run
		s.commit(st, store.Change{Claim: claim, Release: true})
		child := s.newRun()
		late := store.Change{
			Claim: claim, Entries: []flow.Entry{step(1)}, Children: []store.Run{child}, Messages: []store.Message{signalTo(other.ID)},
		}
		if err := st.Commit(s.ctx, late); !errors.Is(err, store.ErrClaimLost) {
			s.Fatalf("Commit: %v; want ErrClaimLost", err)
		}
		if _, _, err := st.Get(s.ctx, child.ID); !errors.Is(err, store.ErrNotFound) {
			s.Fatalf("Get of the child: %v; want ErrNotFound", err)
		}
		got := s.claim(st, at(0), 10)
		s.same("what is due", ids(got), []string{parent.ID, other.ID})
		s.same("the messages", got[1].Messages, []store.Message{})
	}},
	{"a change that cannot create its child is refused", func(s *suite) {
		st := s.executing()
		run, claim := s.claimed(st)
		for what, change := range map[string]func(*store.Run){
			"no id":              func(r *store.Run) { r.ID = "" },
			"no version":         func(r *store.Run) { r.Version = "" },
			"an idempotency key": func(r *store.Run) { r.IdempotencyKey = "k" },
		} {
			err := st.Commit(s.ctx, store.Change{Claim: claim, Entries: []flow.Entry{step(1)}, Children: []store.Run{s.newRun(change)}})
			if err == nil {
				s.Errorf("a child with %s was created", what)
			}
		}
		_, entries := s.get(st, run.ID)
		s.same("the log", entries, []flow.Entry{})
	}},
	{"messages are sent with the change", func(s *suite) {
		st := s.executing()
		parent, parentClaim := s.claimed(st)
		s.commit(st, store.Change{Claim: parentClaim, Head: running(parent, at(1<<30)), Release: true})
		busy, _ := s.claimed(st)
		child, claim := s.claimed(st)
		message := store.Message{
			RunID: parent.ID, Kind: store.MessageChild, Key: child.ID, At: at(30), Payload: []byte(`{ "c" : 3 }`),
			Error: &flow.Error{Kind: flow.ErrorHandler, Message: "it <broke>"},
		}
		change := store.Change{
			Claim: claim, Entries: []flow.Entry{step(1)}, Head: ended(child, flow.StatusFailed),
			Messages: []store.Message{message, signalTo(busy.ID), signalTo("nobody"), signalTo(child.ID)},
		}
		s.commit(st, change)
		s.commit(st, change)
		heard := s.unobeyed(st)
		s.same("to the one that is claimed", without(heard), []store.Message{signalTo(busy.ID)})
		got := s.claim(st, at(0), 10)
		s.same("what is due", ids(got), []string{parent.ID})
		s.same("its messages", without(got[0].Messages), []store.Message{message})
		if got[0].Messages[0].ID >= heard[0].ID {
			s.Fatalf("the ids of the messages are %d, then %d; want ascending ones", got[0].Messages[0].ID, heard[0].ID)
		}
	}},
	{"a message and the run that it is for in one change", func(s *suite) {
		st := s.executing()
		_, claim := s.claimed(st)
		child := s.newRun()
		s.commit(st, store.Change{Claim: claim, Children: []store.Run{child}, Messages: []store.Message{signalTo(child.ID)}})
		got := s.claim(st, at(0), 10)
		s.same("what is due", ids(got), []string{child.ID})
		s.same("its messages", without(got[0].Messages), []store.Message{signalTo(child.ID)})
	}},
	{"a change with children or messages is not lazy", func(s *suite) {
		st := s.executing()
		_, claim := s.claimed(st)
		child := s.newRun()
		s.commit(st, store.Change{Claim: claim, Children: []store.Run{child}, Lazy: true})
		s.get(st, child.ID)
		s.commit(st, store.Change{Claim: claim, Messages: []store.Message{signalTo(child.ID)}, Lazy: true})
		s.same("the messages", len(s.claim(st, at(0), 1)[0].Messages), 1)
	}},
	{"a large result is sent", func(s *suite) {
		st := s.executing()
		run := s.create(st, s.newRun(), false).Run
		_, claim := s.claimed(st)
		message := signalTo(run.ID)
		message.Payload = []byte(`"` + strings.Repeat("x", 3<<20) + `"`)
		s.commit(st, store.Change{Claim: claim, Messages: []store.Message{message}})
		s.same("the size", len(s.claim(st, at(0), 1)[0].Messages[0].Payload), len(message.Payload))
	}},
}

var dormantTests = []test{
	{"a dormant run is due when a message comes", func(s *suite) {
		st := s.executing()
		run, claim := s.claimed(st)
		s.sleep(st, run, claim)
		got, _ := s.get(st, run.ID)
		s.same("when it goes on", got.WakeAt, time.Time{})
		s.same("what is due", ids(s.claim(st, at(1<<30), 10)), []string{})
		s.nextDue(st, time.Time{}, false)
		for range 2 {
			if _, err := s.open(s.T).Send(s.ctx, signalTo(run.ID)); err != nil {
				s.Fatalf("Send: %v", err)
			}
		}
		claimed := s.claim(st, at(0), 10)
		s.same("what is due then", ids(claimed), []string{run.ID})
		first, second := claimed[0].Messages[0], claimed[0].Messages[1]
		if first.ID >= second.ID {
			s.Fatalf("the messages are %d, %d; want them by their ids", first.ID, second.ID)
		}
		dormant := store.Change{
			Claim: claimed[0].Claim, Consumed: []int64{first.ID}, Head: running(run, time.Time{}), Release: true, Dormant: true,
		}
		s.commit(st, dormant)
		claimed = s.claim(st, at(0), 10)
		s.same("the message that is left", claimed[0].Messages, []store.Message{second})
		dormant.Claim, dormant.Consumed = claimed[0].Claim, []int64{second.ID}
		s.commit(st, dormant)
		s.commit(st, dormant)
		s.same("what is due when all are obeyed", ids(s.claim(st, at(1<<30), 10)), []string{})
	}},
	{"a dormant run with a time is due then", func(s *suite) {
		st := s.executing()
		run, claim := s.claimed(st)
		s.commit(st, store.Change{Claim: claim, Head: running(run, at(50)), Release: true, Dormant: true})
		s.nextDue(st, at(50), true)
		s.same("what is due", ids(s.claim(st, at(50), 10)), []string{run.ID})
	}},
	{"a dormant run waits for the next process too, a claimed one does not", func(s *suite) {
		first := s.executing()
		asleep, claim := s.claimed(first)
		s.sleep(first, asleep, claim)
		busy, claim := s.claimed(first)
		s.commit(first, store.Change{Claim: claim, Head: running(busy, time.Time{})})
		if err := first.Close(); err != nil {
			s.Fatalf("Close: %v", err)
		}
		second := s.executing()
		s.same("what is due", ids(s.claim(second, at(0), 10)), []string{busy.ID})
		if _, err := second.Send(s.ctx, cancelOf(asleep.ID, "")); err != nil {
			s.Fatalf("Send: %v", err)
		}
		s.same("what is due then", ids(s.claim(second, at(0), 10)), []string{asleep.ID})
	}},
}

// sleep releases a run until a message comes.
func (s *suite) sleep(st store.Store, run store.Run, claim store.Claim) {
	s.Helper()
	s.commit(st, store.Change{Claim: claim, Head: running(run, time.Time{}), Release: true, Dormant: true})
}

func signalTo(id string) store.Message {
	return store.Message{
		RunID: id, Kind: store.MessageSignal, Name: "approval", Key: "b <7>", SignalID: "s-1", Actor: "ann", At: at(40),
		Payload: []byte("{ \"by\": \"<é>\u2028\" }"),
	}
}

// without are messages without their ids.
func without(messages []store.Message) []store.Message {
	var all []store.Message
	for _, m := range messages {
		m.ID = 0
		all = append(all, m)
	}
	return all
}
