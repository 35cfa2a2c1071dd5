package engine

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// execution is one claimed run while this process executes it. Its loop is a
// goroutine that alone touches run, head and the maps; what comes from other
// goroutines comes through channels and the mailbox.
type execution struct {
	engine *Embedded
	code   *code
	claim  store.Claim
	head   *store.Run // as last handed to the store, but see headPending; replaced, never changed
	run    *flow.Run

	headPending bool // the head changed, and goes with the next attempt's start
	over        bool // the run's end is on disk

	calls    map[int64]*call // attempts under way, by the Seq of their entry
	begun    []*call         // those of which the store does not know, see writeBegun
	tells    atomic.Bool     // one of those has lasted long enough, see tell.go
	consumed []int64         // messages obeyed since the last commit

	// restSince is when the run began to wait for what comes at any time; zero while it
	// does not. Then it holds no room, nor while its handlers wait for other runs.
	restSince time.Time
	roomless  bool

	asked *call // a step that is to have a transaction now, see lend

	takeovers int         // since the run last got further, see suspect.go
	condemned *condemned  // until the run has begun; nil for most
	onTrial   atomic.Bool // others wait for this run

	progressed   atomic.Bool // an attempt has told of progress that the run does not know of
	progressTold time.Time   // when the store was last told
	answering    chan error  // of who waits for a checkpoint to be stored

	parked time.Duration // of which the run does not know yet

	observers []RunObserver
	called    func() // tells them that runs that were called are on disk

	cut bool // the attempts were cancelled because the process ends

	arrivals chan arrival  // from attempts and their timers
	woken    chan struct{} // there may be something to do: a message, a time, a stage of Close
	gone     chan struct{} // closed when the loop has ended

	mu   sync.Mutex
	box  []store.Message
	came map[int64]bool // the ids of the messages that were in it, or came with the claim
}

// releaseAfter is how long a run that only waits stays in memory. For a longer
// pause it goes back to the store, however many of them there are.
const releaseAfter = 100 * time.Millisecond

// launch begins the execution of a claimed run, for which room was taken. It was queued
// if it waited in the store, and parked for so long.
func (e *Embedded) launch(c *code, claimed store.Claimed, queued bool, parked time.Duration) *execution {
	x := &execution{
		engine: e, code: c, claim: claimed.Claim, head: &claimed.Run, parked: parked,
		calls:    map[int64]*call{},
		arrivals: make(chan arrival), woken: make(chan struct{}, 1), gone: make(chan struct{}), takeovers: claimed.Takeovers,
	}
	x.onTrial.Store(claimed.Takeovers >= store.SuspectAfter)
	for _, m := range claimed.Messages {
		x.comes(m)
	}
	e.mu.Lock()
	closing := e.state == ended
	if !closing {
		e.active[claimed.Run.ID] = x
		e.runs.Add(1)
	}
	e.mu.Unlock()
	if closing {
		x.giveBack()
		e.unreserve()
		return x
	}
	if lacksKey(c, x.head) {
		go x.bind()
		return x
	}
	x.observe(queued)
	go x.loop(claimed.Entries, claimed.Messages)
	return x
}

// loop is the execution's goroutine: it applies one outcome after the other
// until the run is over, waits for long, or cannot go on here.
//
// What came before the claim comes first: no time is over for a run that got in time
// what it waits for, and no work begins for one that is cancelled.
func (x *execution) loop(log []flow.Entry, messages []store.Message) {
	defer x.engine.runs.Done()
	defer x.leave()
	growStack(0)
	if !x.restore(log) {
		return
	}
	x.condemn(log)
	if x.parked > 0 && !x.apply(flow.Parked{For: x.parked, At: x.now()}) {
		return
	}
	for _, m := range cancelsFirst(messages) {
		if !x.apply(x.obey(m)) {
			return
		}
	}
	for goOn := x.begin(); goOn; {
		outcome, ok := x.await()
		goOn = ok && x.apply(outcome)
	}
}

func cancelsFirst(messages []store.Message) []store.Message {
	rank := func(m store.Message) int {
		if m.Kind.Ends() {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(messages, func(a, b store.Message) int { return rank(a) - rank(b) })
	return messages
}

// restore rebuilds the run from its log.
func (x *execution) restore(log []flow.Entry) bool {
	head := flow.Head{ID: x.head.ID, Tenant: x.head.Tenant, Input: x.head.Input, StartedAt: x.head.StartedAt, MaxPayload: x.engine.opts.MaxPayload}
	run, err := flow.Restore(x.code.Definition, head, log)
	if err != nil {
		x.engine.opts.Logger.Error("the log of a run cannot be understood; the run is left as it is",
			"run", x.head.ID, "flow", x.head.Flow, "error", err)
		return false
	}
	x.run = run
	return true
}

// apply applies an outcome, commits its effects and carries them out. It says
// whether the execution goes on.
func (x *execution) apply(o flow.Outcome) bool {
	next, err := x.decide(o)
	if errors.Is(err, flow.ErrStale) {
		x.engine.opts.Logger.Debug("something came too late and is dropped", "run", x.head.ID)
		x.answer(ErrAttemptOver)
		return !x.run.State().Status.Final()
	}
	return x.store(next) && x.carryOut(next)
}

// step is what an outcome leads to.
type step struct {
	effects flow.Effects
	state   flow.State // of the run behind it
	release bool       // the claim ends with it
}

// decide applies an outcome to the run, in memory.
func (x *execution) decide(o flow.Outcome) (step, error) {
	effects, err := x.run.Apply(o)
	if err != nil {
		return step{}, err
	}
	state := x.run.State()
	return step{effects, state, state.Status.Final() || x.mayRelease(state, effects)}, nil
}

// carryOut does what is to be done when a step is stored. It says whether the execution goes on.
func (x *execution) carryOut(next step) bool {
	x.answer(nil)
	if next.release {
		x.over = next.state.Status.Final()
		x.cancelCalls(errStopped) // of a run that was terminated
		return false
	}
	for i := range next.effects.Attempts {
		if a := &next.effects.Attempts[i]; !x.isCondemned(a) {
			x.start(a)
		}
	}
	for _, seq := range next.effects.Stop {
		x.stop(seq)
	}
	x.rest(x.run.Idle() && x.run.Awaits())
	return true
}

// rest notes whether the run only waits for what comes at any time. While it does,
// another run may have its room.
func (x *execution) rest(rests bool) {
	switch {
	case !rests:
		x.restSince = time.Time{}
	case x.restSince.IsZero():
		x.restSince = x.now()
	}
	x.shareRoom()
}

// shareRoom gives the room of a run that only waits to others, and takes it again.
func (x *execution) shareRoom() {
	waits := !x.restSince.IsZero() || x.allAside()
	switch {
	case waits && !x.roomless:
		x.roomless = true
		x.endTrial()
		x.engine.unreserve()
		x.endTrial()
	case !waits && x.roomless:
		x.roomless = false
		x.engine.retake()
	}
}

// restUntil is when a run that rests goes back to the store; zero if it does not rest.
func (x *execution) restUntil() time.Time {
	if x.restSince.IsZero() {
		return time.Time{}
	}
	return x.restSince.Add(releaseAfter)
}

// mayRelease says that there is nothing to do here for a while, or at all.
func (x *execution) mayRelease(state flow.State, effects flow.Effects) bool {
	if x.closing() {
		return len(x.calls) == 0 // attempts that would begin now begin elsewhere
	}
	if !x.run.Idle() || len(effects.Attempts) > 0 || x.run.Awaits() {
		return false // what it awaits may come at once, see rest
	}
	return !state.WakeAt.IsZero() && state.WakeAt.Sub(x.now()) > releaseAfter
}

// await waits for the next outcome. It says false if the execution is to end.
//
// Whoever has something for the execution wakes it, and it looks at all that may
// be there: a message, a stage of Close, a time that has come.
func (x *execution) await() (flow.Outcome, bool) {
	for {
		x.shareRoom()
		if m, ok := x.nextMessage(); ok {
			return x.obey(m), true
		}
		if closed(x.engine.abandoned) || x.closing() && len(x.calls) == 0 {
			x.giveBack()
			return nil, false
		}
		if !x.cut && closed(x.engine.cutting) {
			x.cut = true
			x.cancelCalls(errClosing)
		}
		now := x.now()
		wakeAt, restUntil := x.run.State().WakeAt, x.restUntil()
		progressAt := x.progressAt(now)
		switch {
		case due(wakeAt, now):
			return flow.Tick{At: now}, true
		case len(x.begun) > 0 && x.tells.Swap(false):
			x.writeBegun()
			continue
		case due(progressAt, now):
			x.writeProgress(now)
			continue
		case due(restUntil, now):
			// Tried until it succeeds: nobody else looks at a run that is claimed.
			x.store(step{state: x.run.State(), release: true})
			return nil, false
		}
		if x.asked != nil {
			if o, goOn := x.lend(); o != nil || !goOn {
				return o, goOn
			}
			continue
		}
		if o, ok := x.sleepUntil(earliest(wakeAt, restUntil, progressAt), now); ok {
			return o, true
		}
	}
}

// arrival is what an attempt has for its execution: its end, a checkpoint, or that it asks for a
// transaction. There is one channel for all: to wait on several costs more, for each step.
type arrival interface {
	// arrive is called by the execution's goroutine. It returns an outcome to be applied, if there is one.
	arrive(x *execution) (o flow.Outcome, ok bool)
}

// sleepUntil waits for what comes from an attempt, or to be woken, at the latest at a
// time, if there is one.
func (x *execution) sleepUntil(at, now time.Time) (flow.Outcome, bool) {
	defer x.wakeAt(at, now)()
	select {
	case a := <-x.arrivals:
		return a.arrive(x)
	case <-x.woken:
		return nil, false
	}
}

// arrive implements arrival.
func (o *attemptEnd) arrive(x *execution) (flow.Outcome, bool) {
	if x.calls[o.Seq] != o.call {
		return x.late(o)
	}
	return o.Ended, x.forget(o)
}

func due(at, now time.Time) bool { return !at.IsZero() && !now.Before(at) }

// earliest is the first of some times; zero ones are none.
func earliest(times ...time.Time) (first time.Time) {
	for _, t := range times {
		if !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	return first
}

// wakeAt wakes the execution at a time, if there is one. The returned function
// takes that back.
func (x *execution) wakeAt(at, now time.Time) (stop func() bool) {
	if at.IsZero() {
		return func() bool { return true }
	}
	// Not longer than the poll interval, so that a wall clock that is set forward is seen.
	pause := min(at.Sub(now), x.engine.opts.PollInterval)
	return x.engine.opts.Clock.AfterFunc(pause, func() { signal(x.woken) })
}

// signal makes a channel of one place ready, if it is not.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// forget notes that an attempt has ended. It says false for the end of one that
// was cut off because the process ends: that is no failure, and it runs again.
func (x *execution) forget(o *attemptEnd) bool {
	c := x.calls[o.Seq]
	if c == nil {
		return true // of an attempt that has ended before: stale, which the run says
	}
	delete(x.calls, o.Seq)
	x.takeProgress(c)
	x.told(c)
	c.over(x.engine.places, o.Err)
	return !o.cutOff
}

// deliver hands a message to the execution, once: the same one may come from the
// store and from who sent it. One that comes too late stays in the store, where the
// next execution finds it.
func (x *execution) deliver(m store.Message) {
	x.mu.Lock()
	if x.comes(m) {
		x.box = append(x.box, m)
	}
	x.mu.Unlock()
	signal(x.woken)
}

// comes notes that a message came, and says whether it is the first time.
func (x *execution) comes(m store.Message) bool {
	if x.came == nil {
		x.came = map[int64]bool{} // most runs get none
	}
	first := !x.came[m.ID]
	x.came[m.ID] = true
	return first
}

// nextMessage is the next message in the box.
func (x *execution) nextMessage() (m store.Message, ok bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.box) == 0 {
		return m, false
	}
	m, x.box = x.box[0], x.box[1:]
	return m, true
}

// obey is the outcome that a message asks for.
func (x *execution) obey(m store.Message) flow.Outcome {
	x.consumed = append(x.consumed, m.ID)
	switch m.Kind {
	case store.MessageSignal:
		return flow.Signal{
			Name: m.Name, Key: m.Key, ID: m.SignalID, Payload: m.Payload, Actor: m.Actor, At: x.now(),
		}
	case store.MessageChild:
		return flow.ChildEnded{ID: m.Key, Output: m.Payload, Err: m.Error, At: x.now()}
	}
	m.Reason = x.withoutSecrets(m.Reason)
	return actOf(m, x.now())
}

// actOf is the outcome of what an operator asks for.
func actOf(m store.Message, now time.Time) flow.Outcome {
	switch m.Kind {
	case store.MessageTerminate:
		return flow.Terminate{Reason: m.Reason, Actor: m.Actor, At: now}
	case store.MessagePause:
		return flow.Pause{Reason: m.Reason, Actor: m.Actor, At: now}
	case store.MessageResume:
		return flow.Resume{Actor: m.Actor, At: now}
	case store.MessageSkipDelay:
		return flow.SkipDelay{Step: m.Name, Actor: m.Actor, At: now}
	}
	return flow.Cancel{Reason: m.Reason, Actor: m.Actor, At: now}
}

// leave ends the execution: nobody finds it any more, and its room is free.
func (x *execution) leave() {
	e := x.engine
	for _, o := range x.observers {
		o.Left(x.head)
	}
	e.mu.Lock()
	if e.active[x.head.ID] == x { // else the run is executed again already: it was free from its release on
		delete(e.active, x.head.ID)
	}
	if !x.roomless {
		e.busy-- // before those who wait are told: they may start the next run
	}
	w := e.waiters[x.head.ID]
	switch {
	case w == nil:
	case x.over:
		delete(e.waiters, x.head.ID)
		w.finish(x.head)
	default:
		w.leave()
	}
	e.mu.Unlock()
	close(x.gone)
	x.endTrial()
	if !x.over || e.backlog.Load() || x.head.Concurrency != nil {
		e.kick() // there is room, and this run may be due before what the scheduler waits for
	}
}

func (x *execution) now() time.Time { return x.engine.opts.Clock.Now() }

func (x *execution) closing() bool { return closed(x.engine.closing) }

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
