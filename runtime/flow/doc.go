// Package flow is the pure core that generated machines are made of: it decides
// what a run does next. It has no clock, no randomness, no goroutine, no I/O and
// no context; what happens is told to it, and it says what to do about that.
//
// A flow is a Definition with a Machine, which bextgen generates. A Run is the
// state of one run: it takes outcomes and gives effects. Whoever drives it does
// this:
//
//	run, err := flow.Restore(def, head, log) // log is empty for a new run
//	outcome := flow.Outcome(flow.Begin{At: now()})
//	for {
//		effects, err := run.Apply(outcome) // flow.ErrStale: it came too late, drop it
//		commit(run.State(), effects.Entries)
//		if run.State().Status.Final() {
//			break
//		}
//		start(effects.Attempts)
//		stop(effects.Stop)
//		outcome = next() // an attempt has Ended, it is time for a Tick, or a Cancel came
//	}
//
// The order matters: a handler runs only when what it builds upon is on disk. So
// Entries and the head are committed before an attempt starts.
//
// # The log
//
// What happens to a run is a sequence of entries. Apply turns an outcome into
// entries (run.go and advance.go decide which), and the state is a fold over
// them (state.go, and nothing else). A replay does the fold alone. So a run that
// was restored is in the state in which it was, whatever the code around it
// would decide today; the property tests hold that for random flows.
//
// # The machine
//
// Next is called after each outcome and walks the flow from its start, in the
// manner of an immediate-mode user interface. A Step passes over what is done
// and begins what is ready. What a walk decides (that a step is skipped, what
// its input is) goes into the log and is never decided again.
package flow
