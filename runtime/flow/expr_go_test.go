package flow

import (
	"math"
	"testing"
	"time"
)

func TestUnsigned(t *testing.T) {
	p := new(Plan)
	if got := Unsigned(p, uint64(math.MaxInt64)); got != math.MaxInt64 || p.err != nil {
		t.Errorf("the largest integer is %d, %v", got, p.err)
	}
	failure := At(p, "shop.flow.yaml:1: n", func() int64 { return Unsigned(p, uint(math.MaxUint)) })
	if failure != 0 || p.err == nil {
		t.Errorf("a number that is too large is %d, %v", failure, p.err)
	}
}

func TestOptionalsOfGoTypes(t *testing.T) {
	type code string
	pause := time.Second
	if got := OptionalInt(Some(int8(-1))); got == nil || *got != -1 {
		t.Errorf("an int8 is %v", got)
	}
	if got := OptionalFloat(Some(float32(0.5))); got == nil || *got != 0.5 {
		t.Errorf("a float32 is %v", got)
	}
	if got := OptionalString(Some(code("a"))); got == nil || *got != "a" {
		t.Errorf("a text is %v", got)
	}
	if got := OptionalBool(Some(true)); got == nil || !*got {
		t.Errorf("a bool is %v", got)
	}
	if got := OptionalDuration(&pause); got == nil || *got != Duration(time.Second) {
		t.Errorf("a duration is %v", got)
	}
	if got := OptionalInt[int](nil); got != nil {
		t.Errorf("nothing is %v", got)
	}
}
