package engine

import "context"

// This file is how a handler waits for another run without being in its way: while it
// waits, its place among the handlers that run is free, and so is the room of its run
// where all handlers of that wait.

// callKey is where the context of a handler has its *call.
type callKey struct{}

// stepAside gives free what a handler holds in whose context somebody is to wait. The
// returned function takes it again, which may take a while; outside of a handler
// neither does anything.
func stepAside(ctx context.Context) (comeBack func()) {
	c, ok := ctx.Value(callKey{}).(*call)
	if !ok {
		return func() {}
	}
	c.stepAside()
	return c.comeBack
}

// stepAside gives the call's place free when the first one in its handler begins to wait.
func (c *call) stepAside() {
	c.moving.Lock()
	defer c.moving.Unlock()
	if c.aside.Add(1) == 1 {
		c.leavePlace(c.execution.engine.places)
		signal(c.execution.woken)
	}
}

// comeBack waits for a place again when the last one has waited. A handler whose
// attempt is over meanwhile goes on without, as all such handlers do.
func (c *call) comeBack() {
	c.moving.Lock()
	defer c.moving.Unlock()
	if c.aside.Add(-1) > 0 {
		return
	}
	signal(c.execution.woken)
	places := c.execution.engine.places
	select {
	case places <- struct{}{}:
		c.placed.Store(true)
	case <-c.done():
		return
	}
	if closed(c.done()) { // who ended the attempt may have come before the place
		c.leavePlace(places)
	}
}

// allAside says whether something is under way and all of it waits for other runs.
func (x *execution) allAside() bool {
	for _, c := range x.calls {
		if c.aside.Load() == 0 {
			return false
		}
	}
	return len(x.calls) > 0
}
