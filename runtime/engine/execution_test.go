package engine

import (
	"testing"

	"github.com/bextgen/bextgen/runtime/store"
)

// While a commit is tried again, the store is asked for messages again and again.
func TestAMessageIsDeliveredOnce(t *testing.T) {
	x := &execution{came: map[int64]bool{1: true}, woken: make(chan struct{}, 1)}
	for range 3 {
		x.deliver(store.Message{ID: 1}) // it came with the claim
		x.deliver(store.Message{ID: 2})
	}
	if m, ok := x.nextMessage(); !ok || m.ID != 2 {
		t.Errorf("the first message is %d, want 2", m.ID)
	}
	if m, ok := x.nextMessage(); ok {
		t.Errorf("the message %d is there again", m.ID)
	}
}
