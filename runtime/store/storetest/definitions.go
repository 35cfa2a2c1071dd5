package storetest

import (
	"encoding/json"

	"github.com/bextgen/bextgen/runtime/store"
)

var definitionTests = []test{
	{"a definition is read as it was saved", func(s *suite) {
		st := s.open(s.T)
		first := store.Definition{Flow: "orders", Version: "1.2", Hash: "h1", SavedAt: at(10), Description: json.RawMessage(`{"a": "é'"}`)}
		s.definition(st, store.Definition{Flow: "orders", Version: "1.2"})
		s.define(st, first)
		s.definition(st, first)
		s.definition(s.open(s.T), first)
	}},
	{"one of the same hash changes nothing", func(s *suite) {
		st := s.open(s.T)
		first := store.Definition{Flow: "orders", Version: "1.2", Hash: "h1", SavedAt: at(10), Description: json.RawMessage(`1`)}
		s.define(st, first)
		again := first
		again.SavedAt, again.Description = at(20), json.RawMessage(`2`)
		s.define(s.open(s.T), again)
		s.definition(st, first)
		again.Hash = "h2"
		s.define(st, again)
		s.definition(st, again)
	}},
	{"they are listed by flow and version", func(s *suite) {
		st := s.open(s.T)
		s.definitions(st)
		list := []store.Definition{
			{Flow: "audits", Version: "1.0", Hash: "a", SavedAt: at(3)},
			{Flow: "orders", Version: "1.2", Hash: "b", SavedAt: at(1)},
			{Flow: "orders", Version: "2.0", Hash: "b", SavedAt: at(2)},
		}
		for _, i := range []int{2, 0, 1} {
			d := list[i]
			d.Description = json.RawMessage(`{}`)
			s.define(st, d)
		}
		s.definitions(st, list...)
	}},
}

func (s *suite) define(st store.Store, d store.Definition) {
	s.Helper()
	if err := st.SaveDefinition(s.ctx, d); err != nil {
		s.Fatalf("SaveDefinition: %v", err)
	}
}

func (s *suite) definition(st store.Store, want store.Definition) {
	s.Helper()
	got, err := st.Definition(s.ctx, want.Flow, want.Version)
	if err != nil {
		s.Fatalf("Definition: %v", err)
	}
	s.same("the definition", got, want)
}

func (s *suite) definitions(st store.Store, want ...store.Definition) {
	s.Helper()
	got, err := st.Definitions(s.ctx)
	if err != nil {
		s.Fatalf("Definitions: %v", err)
	}
	s.same("the definitions", got, want)
}
