package main

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClock()
		fired := make(chan string, 9)
		began := c.Now()
		after := func(d time.Duration, name string) func() bool {
			return c.AfterFunc(d, func() { fired <- name + " after " + c.Now().Sub(began).String() })
		}
		check := func(want string) {
			t.Helper()
			synctest.Wait()
			var got string
			for len(fired) > 0 {
				got += <-fired
			}
			if got != want {
				t.Errorf("fired %q, want %q", got, want)
			}
		}

		after(time.Hour, "a")
		c.skipTo(began.Add(time.Hour - time.Second))
		check("")
		time.Sleep(time.Second) // in a test's bubble that takes no time
		check("a after 1h0m0s")

		stop := after(time.Hour, "b")
		after(2*time.Hour, "c")
		if !stop() || stop() {
			t.Error("a timer is stopped once")
		}
		c.skipTo(began.Add(9 * time.Hour))
		check("c after 9h0m0s")

		c.skipTo(began)
		if got := c.Now().Sub(began); got != 9*time.Hour {
			t.Errorf("the clock is at %v, want 9h: it never goes back", got)
		}
	})
}
