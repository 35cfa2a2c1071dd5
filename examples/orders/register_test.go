package main

import (
	"strings"
	"testing"

	"github.com/bextgen/bextgen/generated/orders"
	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/store/memory"
)

func TestRegisteringNothingIsAnError(t *testing.T) {
	rt, err := runtime.New(memory.New().Open())
	if err != nil {
		t.Fatal(err)
	}
	err = orders.RegisterProcessOrder(rt, nil)
	if err == nil || !strings.Contains(err.Error(), "register flow process-order: there are no handlers") {
		t.Errorf("got %v, want an error that says that there are no handlers", err)
	}
}
