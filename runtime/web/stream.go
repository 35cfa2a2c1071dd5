package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// This file is the streams of events (Server-Sent Events).

// resumeQuery is for clients that cannot send the header.
var resumeQuery = []parameter{{"last_event_id", "string", "As the header Last-Event-ID: the event behind which to go on."}}

const resumeField = "Last-Event-ID"

// lastEventID is the id of the last event that a client got; empty for none.
func lastEventID(r *http.Request) string {
	if id := r.Header.Get(resumeField); id != "" {
		return id
	}
	return r.URL.Query().Get("last_event_id")
}

// streamRun sends the events of one run.
func (h *handler) streamRun(w http.ResponseWriter, r *http.Request) error {
	ctx, runID := r.Context(), r.PathValue("runId")
	if err := checkQuery(r.URL.Query(), resumeQuery); err != nil {
		return err
	}
	after, resumes, err := seqOf(lastEventID(r), runID)
	if err != nil {
		return err
	}
	s := &stream{handler: h, w: w, r: r, idOf: func(e *runtime.Event) string { return runEventID(runID, e.Seq) }}
	f, err := h.followRun(ctx, runID, after)
	switch {
	case errors.Is(err, io.EOF):
		w.WriteHeader(http.StatusNoContent) // a browser does not come again
		return nil
	case errors.Is(err, store.ErrNotFound) && resumes:
		// It was there, or it is said that it was. With an empty id, nothing is
		// asked for that is not there when the client comes again.
		return s.open(resetOf("", runID, "the run is not there any more"))
	case errors.Is(err, store.ErrForgotten):
		if f, err = h.followRun(ctx, runID, 0); err == nil {
			err = s.open(resetOf(runEventID(runID, 0), runID, "the run never came to that event; its history follows"))
		}
	case err == nil:
		err = s.open(nil)
	}
	if f != nil {
		defer f.Close()
	}
	if err == nil {
		err = s.send(ctx, f)
	}
	if errors.Is(err, store.ErrForgotten) && s.opened {
		err = s.open(resetOf("", runID, h.whyGone(ctx, runID)))
	}
	return s.told(err)
}

// whyGone says why a run that was there cannot be followed.
func (h *handler) whyGone(ctx context.Context, runID string) string {
	if _, err := h.run(ctx, runID); err != nil && problemOf(err).Status != http.StatusNotFound {
		return problemOf(err).Error()
	}
	return "the run was deleted"
}

// told is an error that can still be told: behind the head of the answer none can.
func (s *stream) told(err error) error {
	if s.opened {
		return nil
	}
	return err
}

// followRun follows a run that exists for the principal.
func (h *handler) followRun(ctx context.Context, runID string, after int64) (*runtime.Follower, error) {
	if err := h.find(ctx, runID); err != nil {
		return nil, err
	}
	return h.rt.FollowRun(ctx, runID, after)
}

func runEventID(runID string, seq int64) string { return runID + "-" + strconv.FormatInt(seq, 10) }

// seqOf is the sequence number of the event of a run, and whether there is one.
func seqOf(id, runID string) (seq int64, resumes bool, err error) {
	if id == "" {
		return 0, false, nil
	}
	number, ok := strings.CutPrefix(id, runID+"-")
	seq, parseErr := strconv.ParseInt(number, 10, 64)
	if !ok || parseErr != nil || seq < 0 || runEventID(runID, seq) != id {
		return 0, false, badField(resumeField, "the id is not that of an event of this run")
	}
	return seq, true, nil
}

// streamRuns sends the events of all runs that a query selects.
func (h *handler) streamRuns(w http.ResponseWriter, r *http.Request) error {
	ctx, query := r.Context(), r.URL.Query()
	filter, after, err := followingOf(query, lastEventID(r), principalOf(ctx))
	if err != nil {
		return err
	}
	s := &stream{handler: h, w: w, r: r, idOf: func(e *runtime.Event) string { return e.Position().String() }}
	f, err := h.rt.FollowRuns(ctx, filter, after)
	reset := errors.Is(err, store.ErrForgotten)
	for {
		if reset {
			f, err = h.rt.FollowRuns(ctx, filter, nil)
		}
		if err != nil {
			return s.told(err)
		}
		var first *piece
		if reset {
			first = resetOf(f.Position().String(), "", "not all that happened meanwhile is known any more")
		} else if after == nil && r.Header.Get("Sec-Fetch-Mode") != "" {
			// A browser that comes again before the first event misses nothing, if it has an
			// id. Other clients take an id alone for an event.
			first = &piece{id: f.Position().String()}
		}
		if err = s.open(first); err == nil {
			err = s.send(ctx, f)
		}
		f.Close()
		if reset = errors.Is(err, store.ErrForgotten); !reset {
			return s.told(err)
		}
	}
}

func followingOf(query url.Values, id string, p Principal) (runtime.RunFilter, *runtime.Position, error) {
	filter, err := readFilter(query, p, append(slices.Clone(streamQuery), resumeQuery...))
	if err != nil || id == "" {
		return filter, nil, err
	}
	position, ok := runtime.ParsePosition(id)
	if !ok {
		return filter, nil, badField(resumeField, "the id is not one that this stream gave")
	}
	return filter, &position, nil
}

// piece is a part of a stream: an event, or an id alone.
type piece struct {
	id   string
	name flow.EventName
	data json.RawMessage
}

// resetOf says that what the client knows is not to be built upon.
func resetOf(id, runID, reason string) *piece {
	data, _ := json.Marshal(struct { // of texts
		RunID  string `json:"run_id,omitempty"`
		Reason string `json:"reason"`
	}{runID, reason})
	return &piece{id: id, name: flow.EventReset, data: data}
}

// stream is a stream that is being sent.
type stream struct {
	*handler
	w      http.ResponseWriter
	r      *http.Request
	idOf   func(*runtime.Event) string
	opened bool
	buffer bytes.Buffer
	asked  time.Time // when the client was last asked who it is
}

// retryAfter is after how many milliseconds a client comes again.
const retryAfter = 2000

// open sends the head of the answer, if that is still to be sent, and a first piece, if there is one.
func (s *stream) open(first *piece) error {
	if !s.opened {
		s.opened = true
		s.w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		s.w.Header().Set("X-Accel-Buffering", "no")
		s.w.WriteHeader(http.StatusOK)
		if s.r.Method == http.MethodHead {
			return nil
		}
		fmt.Fprintf(&s.buffer, "retry: %d\n", retryAfter) // a part of the first event: some take it for one if it stands alone
	}
	if first != nil {
		s.add(first)
	}
	return s.flush()
}

func (s *stream) add(p *piece) {
	fmt.Fprintf(&s.buffer, "id: %s\n", p.id)
	if p.name != "" {
		fmt.Fprintf(&s.buffer, "event: %s\ndata: %s\n", p.name, p.data)
	}
	s.buffer.WriteByte('\n')
}

// flush sends what is there. A client that does not take it in time is gone.
func (s *stream) flush() error {
	control := http.NewResponseController(s.w)
	_ = control.SetWriteDeadline(time.Now().Add(s.limits.piece)) // not every server has one
	_, err := s.w.Write(s.buffer.Bytes())
	s.buffer.Reset()
	if err == nil {
		err = control.Flush()
	}
	if err != nil {
		return errGone
	}
	return nil
}

// errGone says that the client does not take what is sent.
var errGone = errors.New("the client is gone")

// send sends the events of a follower, to its end. It returns store.ErrForgotten if history is missing
// that a client has to be told of.
func (s *stream) send(ctx context.Context, f *runtime.Follower) error {
	if s.r.Method == http.MethodHead {
		return nil
	}
	for {
		next, cancel := context.WithTimeout(ctx, s.limits.keepAlive)
		events, err := f.Next(next)
		cancel()
		switch {
		case err == nil:
			for _, e := range events {
				s.add(&piece{s.idOf(e), e.Name, e.Data})
			}
		case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
			s.buffer.WriteString(":\n") // keeps the connection, and moves no cursor
		case errors.Is(err, store.ErrForgotten):
			return err
		default:
			return nil // the run is over, or the client is gone, too slow, or to come again
		}
		if s.flush() != nil || s.signedOut() {
			return nil
		}
	}
}

// signedOut says that the cookie with which the stream was opened is over. It is looked at now and
// then: to find out costs more than to send an event.
func (s *stream) signedOut() bool {
	b, ok := s.auth.(bearerAuth)
	now := s.now()
	if !ok || now.Sub(s.asked) < s.limits.keepAlive {
		return false
	}
	s.asked = now
	_, err := b.who(s.r)
	return err != nil
}
