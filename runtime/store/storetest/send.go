package storetest

import (
	"errors"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

var sendTests = []test{
	{"a message makes a waiting run due at once", func(s *suite) {
		st := s.executing()
		run, claim := s.claimed(st)
		s.commit(st, store.Change{Claim: claim, Head: running(run, at(1<<30)), Release: true})
		s.same("what is due before", ids(s.claim(st, at(0), 1)), []string{})
		sent, err := s.open(s.T).Send(s.ctx, cancelOf(run.ID, "enough"))
		if err != nil {
			s.Fatalf("Send: %v", err)
		}
		got := s.claim(st, at(0), 1)
		s.same("what is due then", ids(got), []string{run.ID})
		want := cancelOf(run.ID, "enough")
		want.ID = sent.ID
		s.same("its messages", got[0].Messages, []store.Message{want})
		if sent.ID == 0 {
			s.Fatal("the message got no id")
		}
	}},
	{"a message to a claimed run makes it due when it is released", func(s *suite) {
		st := s.executing()
		run, claim := s.claimed(st)
		sent, err := s.open(s.T).Send(s.ctx, cancelOf(run.ID, ""))
		if err != nil {
			s.Fatalf("Send: %v", err)
		}
		s.same("what is due while it is claimed", ids(s.claim(st, at(0), 1)), []string{})
		s.commit(st, store.Change{Claim: claim, Head: running(run, at(1<<30)), Release: true})
		got := s.claim(st, at(0), 1)
		s.same("what is due then", ids(got), []string{run.ID})
		s.commit(st, store.Change{Claim: got[0].Claim, Consumed: []int64{sent.ID}, Head: running(run, at(1<<30)), Release: true})
		s.same("what is due after the message was consumed", ids(s.claim(st, at(0), 1)), []string{})
	}},
	{"a message for a run of a flow and major version is for no other", func(s *suite) {
		st := s.executing()
		run := s.create(st, s.newRun(), false).Run
		m := cancelOf(run.ID, "")
		m.Flow = run.Flow + "-not"
		if _, err := st.Send(s.ctx, m); !errors.Is(err, store.ErrNotFound) {
			s.Fatalf("Send to a run of another flow: %v, want ErrNotFound", err)
		}
		m.Flow, m.Version = run.Flow, "1000.0"
		if _, err := st.Send(s.ctx, m); !errors.Is(err, store.ErrOtherVersion) {
			s.Fatalf("Send to a run of another major version: %v, want ErrOtherVersion", err)
		}
		m.Version = run.Version
		if _, err := st.Send(s.ctx, m); err != nil {
			s.Fatalf("Send to a run of the flow: %v", err)
		}
	}},
	{"a message of each kind comes as it was sent", func(s *suite) {
		st := s.executing()
		run := s.create(st, s.newRun(), false).Run
		var want []store.Message
		for _, kind := range []store.MessageKind{
			store.MessageCancel, store.MessageTerminate, store.MessagePause, store.MessageResume, store.MessageSkipDelay, store.MessageSignal,
		} {
			sent, err := st.Send(s.ctx, store.Message{
				RunID: run.ID, Kind: kind, Reason: "why", Actor: "who", At: at(3), Name: "step", Key: "k", SignalID: "i",
			})
			if err != nil {
				s.Fatalf("Send %s: %v", kind, err)
			}
			want = append(want, sent)
		}
		s.same("the messages", s.claim(st, at(9), 1)[0].Messages, want)
	}},
	{"a pending run takes messages", func(s *suite) {
		st := s.executing()
		run := s.create(st, s.newRun(), false).Run
		if _, err := st.Send(s.ctx, cancelOf(run.ID, "")); err != nil {
			s.Fatalf("Send: %v", err)
		}
		s.same("the messages", len(s.claim(st, at(0), 1)[0].Messages), 1)
	}},
	{"messages are looked for while their runs are claimed", func(s *suite) {
		st := s.executing()
		free := s.create(st, s.newRun(), false).Run
		busy, claim := s.claimed(st)
		var want store.Message
		for _, run := range []store.Run{free, busy} {
			sent, err := s.open(s.T).Send(s.ctx, cancelOf(run.ID, "enough"))
			if err != nil {
				s.Fatalf("Send: %v", err)
			}
			want = sent
		}
		s.same("the messages", s.unobeyed(st), []store.Message{want})
		s.commit(st, store.Change{Claim: claim, Consumed: []int64{want.ID}})
		s.same("the messages after one was obeyed", s.unobeyed(st), []store.Message{})
	}},
	{"messages to one run are found whether or not it is claimed", func(s *suite) {
		st := s.executing()
		free := s.create(st, s.newRun(), false).Run
		busy, claim := s.claimed(st)
		want := map[string][]store.Message{"nobody": {}}
		for _, id := range []string{free.ID, busy.ID, free.ID} {
			sent, err := st.Send(s.ctx, cancelOf(id, "enough"))
			if err != nil {
				s.Fatalf("Send: %v", err)
			}
			want[id] = append(want[id], sent)
		}
		for id, messages := range want {
			got, err := s.open(s.T).Messages(s.ctx, id)
			if err != nil {
				s.Fatalf("Messages: %v", err)
			}
			s.same("the messages", append([]store.Message{}, got...), messages)
		}
		s.commit(st, store.Change{Claim: claim, Consumed: []int64{want[busy.ID][0].ID}})
		if got, err := st.Messages(s.ctx, busy.ID); err != nil || len(got) != 0 {
			s.Errorf("the messages after one was obeyed: %v, %v", got, err)
		}
	}},
	{"a run that is over takes none", func(s *suite) {
		st := s.executing()
		run, claim := s.claimed(st)
		s.commit(st, store.Change{Claim: claim, Head: ended(run, flow.StatusCompleted)})
		if _, err := st.Send(s.ctx, cancelOf(run.ID, "")); !errors.Is(err, store.ErrFinal) {
			s.Fatalf("Send: %v; want ErrFinal", err)
		}
	}},
	{"a run that is not there takes none", func(s *suite) {
		if _, err := s.open(s.T).Send(s.ctx, cancelOf("nobody", "")); !errors.Is(err, store.ErrNotFound) {
			s.Fatalf("Send: %v; want ErrNotFound", err)
		}
	}},
	{"a signal and the end of a child are read as they were sent", func(s *suite) {
		st := s.executing()
		run := s.create(st, s.newRun(), false).Run
		child := store.Message{
			RunID: run.ID, Kind: store.MessageChild, Key: "c", At: at(1),
			Error: &flow.Error{Kind: flow.ErrorHandler, Message: "m", Name: "declined", Fields: []byte(`{"a":"<&>"}`)},
		}
		var want []store.Message
		for _, m := range []store.Message{signalTo(run.ID), child} {
			sent, err := st.Send(s.ctx, m)
			if err != nil {
				s.Fatalf("Send: %v", err)
			}
			m.ID = sent.ID
			s.same("the message", sent, m)
			want = append(want, m)
		}
		s.same("the messages", s.claim(st, at(0), 1)[0].Messages, want)
		s.same("the messages of what is claimed", s.unobeyed(st), want)
	}},
	{"messages go with the end of their run", func(s *suite) {
		st := s.executing()
		run, claim := s.claimed(st)
		other, _ := s.claimed(st)
		for _, id := range []string{run.ID, other.ID, run.ID} {
			if _, err := st.Send(s.ctx, signalTo(id)); err != nil {
				s.Fatalf("Send: %v", err)
			}
		}
		s.commit(st, store.Change{Claim: claim, Head: ended(run, flow.StatusFailed)})
		s.same("the messages", without(s.unobeyed(st)), []store.Message{signalTo(other.ID)})
	}},
	{"a message of no kind is refused", func(s *suite) {
		st := s.executing()
		run := s.create(st, s.newRun(), false).Run
		if _, err := st.Send(s.ctx, store.Message{RunID: run.ID, Kind: "hello"}); err == nil {
			s.Fatal("a message of an unknown kind was taken")
		}
	}},
}

func (s *suite) unobeyed(st store.Store) []store.Message {
	s.Helper()
	messages, err := st.Unobeyed(s.ctx)
	if err != nil {
		s.Fatalf("Unobeyed: %v", err)
	}
	return messages
}
