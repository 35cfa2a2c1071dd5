package simulation

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/simulation/randomflow"
	"github.com/bextgen/bextgen/runtime/store"
	"github.com/bextgen/bextgen/runtime/store/memory"
)

// This file is a world from its beginning to its end.

const (
	pollInterval = 2 * time.Second
	stopGrace    = 3 * time.Second
	// troubled is how long there is trouble; then all that is under way has to end.
	troubled = 20 * time.Second
	// horizon is when the world ends though runs are under way: they hang.
	horizon = time.Hour
)

// world is what one seed makes.
type world struct {
	dice dice
	// How the world is. Faults and crashes are percentages.
	faults, crashes, concurrency, standby int
	poison                                bool             // some steps end their process, each time
	versions                              bool             // processes have not all the code, or older code
	leaf                                  *randomflow.Flow // what handlers start
	main                                  []*randomflow.Flow

	clock clock
	began time.Time
	data  *memory.Data
	eye   *memory.Store // sees all, executes nothing
	// What happens by itself: in processes, and by clients.
	background, clients sync.WaitGroup

	mu        sync.Mutex
	h         *history
	quiet     bool // there is no trouble any more
	over      bool // all processes are to end
	processes []*process
	booted    int
	called    map[string]int // handlers, by what for
	onWrite   map[string][]func(n int)
	written   map[string]int // how often runs were written
}

func newWorld(seed uint64) *world {
	w := &world{
		dice: dice(seed), began: time.Now(), data: memory.New(),
		h: &history{
			began: time.Now(), flows: map[string]*randomflow.Flow{}, boots: map[int]time.Duration{}, runs: map[string]*run{},
			repeats: map[string]repeated{}, deleted: map[string]*run{},
		},
		called: map[string]int{}, onWrite: map[string][]func(int){}, written: map[string]int{},
	}
	w.eye = w.data.Open()
	r := w.dice.of("world")
	w.concurrency = 64
	w.h.calm = chance(r, 25)
	if !w.h.calm {
		w.concurrency = []int{1, 2, 4, 64}[r.IntN(4)]
		w.faults = []int{0, 2, 10}[r.IntN(3)]
		w.crashes = []int{0, 50, 90}[r.IntN(3)]
		w.standby = r.IntN(2)
		w.poison = chance(r, 10)
		w.versions = chance(w.dice.of("versions"), 30)
	}
	w.h.faults, w.h.poison, w.h.room = w.faults, w.poison, w.concurrency == 64
	add := func(name string, depth, width int, calls ...*randomflow.Flow) *randomflow.Flow {
		f := randomflow.New(w.dice.of("flow", name), randomflow.Options{Name: name, Depth: depth, Width: width, Calls: calls})
		if w.versions {
			f.Definition.Version = newVersion
		}
		w.h.flows[name] = f
		return f
	}
	w.leaf = add("leaf", 0, 2)
	if chance(r, 30) {
		w.leaf.Definition.Concurrency = flow.Concurrency{Limit: 1 + r.IntN(2)}
	}
	child := add("child", 1, 3, w.leaf)
	if chance(w.dice.of("scheduled"), 20) {
		w.addScheduled()
	}
	w.main = []*randomflow.Flow{add("main", 2, 4, child, w.leaf), add("other", 2, 3, child)}
	return w
}

// now is the virtual time since the beginning.
func (w *world) now() time.Duration { return time.Since(w.began) }

func (w *world) isQuiet() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.quiet
}

// isWrong notes an answer that nobody may get; nil is none.
func (w *world) isWrong(err error) {
	if err != nil {
		w.mu.Lock()
		w.h.wrong = append(w.h.wrong, err)
		w.mu.Unlock()
	}
}

// wrote notes a write. The caller holds mu.
func (w *world) wrote(p *process, one write) {
	one.at, one.process = w.now(), p.number
	w.h.writes = append(w.h.writes, one)
	id := one.change.Claim.RunID
	w.written[id]++
	for _, f := range w.onWrite[id] {
		f(w.written[id])
	}
	for _, child := range one.change.Children {
		w.childBegins(child.ID)
	}
}

// claimed notes that a process claimed runs.
func (w *world) claimed(p *process, runs []store.Claimed, suspect bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	one := claim{at: w.now(), process: p.number, suspect: suspect, times: runs[0].Takeovers}
	for _, r := range runs {
		one.runs = append(one.runs, r.Run.ID)
	}
	w.h.claims = append(w.h.claims, one)
}

// run lets the world live until all is over, and returns its history.
func (w *world) run() *history {
	w.processes = make([]*process, 1+w.standby)
	for slot := range w.processes {
		w.boot(slot)
	}
	w.script()
	time.Sleep(troubled)
	w.mu.Lock()
	w.quiet = true
	w.mu.Unlock()
	for over := false; !over; over = w.allOver() || w.now() > horizon { // clients may have started others meanwhile
		w.finish()
		w.clients.Wait()
	}
	w.mu.Lock()
	w.over = true
	last := append([]*process(nil), w.processes...)
	w.mu.Unlock()
	for _, p := range last {
		if p != nil {
			p.close(time.Minute)
		}
	}
	w.background.Wait()
	time.Sleep(2 * time.Minute) // for handlers that ignored all of that
	w.read()
	return w.h
}

func (w *world) allOver() bool {
	return !slices.ContainsFunc(w.runs(), func(r store.Run) bool { return !r.Status.Final() && r.Flow != scheduled })
}

// finish waits until all runs are over, and lets go on what waits for somebody.
func (w *world) finish() {
	for round := 0; w.now() < horizon; round++ {
		if w.allOver() {
			return
		}
		for _, r := range w.runs() {
			if r.Status.Final() {
				continue
			}
			if r.Phase == flow.PhasePaused {
				w.clients.Go(func() { w.act(flow.KindResume, r.ID, "", fmt.Sprint("last resume ", round, " ", r.ID)) })
			}
			_, log, err := w.eye.Get(context.Background(), r.ID)
			w.isWrong(err)
			for _, e := range log {
				if e.Kind == flow.KindWait && e.Open() {
					id := fmt.Sprint("last ", round, " ", e.Seq)
					w.clients.Go(func() { w.signal(r.Flow, r.ID, nameOf(e.Step), e.Key, id, int64(round)) })
				}
			}
		}
		time.Sleep(3 * time.Second)
	}
}

// runs are the heads of all runs.
func (w *world) runs() (all []store.Run) {
	filter := store.Filter{Limit: store.MaxPage}
	for {
		page, err := w.eye.List(context.Background(), filter)
		w.isWrong(err)
		all = append(all, page.Runs...)
		if page.Next == "" {
			return all
		}
		filter.Cursor = page.Next
	}
}

// read completes the history with how the runs are at the end.
func (w *world) read() {
	for _, head := range w.runs() {
		full, log, err := w.eye.Get(context.Background(), head.ID)
		w.isWrong(err)
		w.h.runs[full.ID] = &run{Run: full, flow: w.h.flows[full.Flow], log: log}
	}
	for i, one := range w.h.writes {
		if one.created != nil {
			if r := w.h.runs[one.created.ID]; r != nil && r.kept == nil { // a start that got no answer is made again
				r.created, r.kept = i, one.kept
			}
		}
		if r := w.h.runs[one.change.Claim.RunID]; r != nil {
			r.writes = append(r.writes, i)
		}
	}
	maps.DeleteFunc(w.h.runs, func(_ string, r *run) bool {
		leftOver := r.Flow == scheduled && !r.Status.Final()
		if leftOver {
			w.h.leftOver = append(w.h.leftOver, r)
		}
		return leftOver
	})
	for _, c := range w.h.calls {
		if r := w.h.runs[c.run]; r != nil {
			r.calls = append(r.calls, c)
		}
	}
}
