package sqlite

import "sync"

// gate lets calls in until the store is closed, and lets Close wait for those
// that are under way.
type gate struct {
	mu     sync.RWMutex
	closed bool
	calls  sync.WaitGroup
}

// enter says whether a call may go on; then it has to leave.
func (g *gate) enter() bool {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if !g.closed {
		g.calls.Add(1)
	}
	return !g.closed
}

func (g *gate) leave() { g.calls.Done() }

// close lets nobody in any more and returns when everybody has left.
func (g *gate) close() {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	g.calls.Wait()
}
