package storetest

import "github.com/bextgen/bextgen/runtime/store"

var coverageTests = []test{
	{"it is read as it was stored, the earliest first", func(s *suite) {
		st := s.executing()
		want := []store.Coverage{
			{Since: at(1), Flows: []store.FlowVersion{orders}},
			{Since: at(2)},
			{Since: at(3), Flows: []store.FlowVersion{orders, {Flow: "other", Major: 2}}},
		}
		for _, c := range []store.Coverage{want[0], {Since: at(2), Flows: want[2].Flows}, want[2], want[1]} {
			if err := st.SaveCoverage(s.ctx, c); err != nil {
				s.Fatal(err)
			}
		}
		for _, st := range []store.Store{st, s.open(s.T)} {
			got, err := st.Coverage(s.ctx)
			if err != nil {
				s.Fatal(err)
			}
			s.same("the coverage", got, want)
		}
	}},
	{"there is none in an empty store", func(s *suite) {
		if got, err := s.open(s.T).Coverage(s.ctx); err != nil || len(got) != 0 {
			s.Fatalf("Coverage: %v, %v", got, err)
		}
	}},
}
