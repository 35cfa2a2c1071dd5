package simulation

import (
	"fmt"
	"time"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/simulation/randomflow"
)

// This file is a flow with a schedule, which some worlds have. Its runs begin as long as the world is there, so nobody
// waits for the last ones to end.

const scheduled = "scheduled"

// addScheduled adds the flow: one without waits, since nobody knows its runs.
func (w *world) addScheduled() {
	r := w.dice.of("schedule")
	var f *randomflow.Flow
	for n := 0; f == nil || len(f.Waits) > 0 || f.Definition.Timeout > 0; n++ {
		f = randomflow.New(w.dice.of("flow", scheduled, n), randomflow.Options{Name: scheduled, Width: 2})
	}
	f.Definition.Schedules = []flow.ScheduleDef{{
		Name: "often", Every: time.Duration(2+r.IntN(4)) * time.Second, Input: fmt.Sprint(r.IntN(20)),
		Overlap: []string{"", "skip", "queue", "allow"}[r.IntN(4)], CatchUp: []string{"", "none", "last"}[r.IntN(3)],
	}}
	if w.versions {
		f.Definition.Version = newVersion
	}
	w.h.flows[scheduled] = f
}
