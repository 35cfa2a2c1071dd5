package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
	"github.com/bextgen/bextgen/runtime/store/memory"
	"github.com/bextgen/bextgen/runtime/web"
)

// A flow as bextgen would generate it: charge, wait for an approval if that is asked for, ship.

type (
	order struct {
		OrderID string `json:"orderId"`
		Count   int64  `json:"count"`
		Card    string `json:"card" secret:"true"`
		Ask     bool   `json:"ask"`
	}
	receipt struct {
		ID    string `json:"id"`
		Token string `json:"token,omitempty" secret:"true"`
	}
	approval struct {
		By string `json:"by"`
	}
)

// Validate is what a spec would demand.
func (o order) Validate() error {
	var p flow.Problems
	p.MinLength("orderId", o.OrderID, 1)
	flow.Min(&p, "count", o.Count, 0)
	return p.Err()
}

type orderMachine struct {
	def      *orderFlow
	input    order
	charge   flow.Step[order, receipt]
	approval flow.Wait[approval]
	ship     flow.Step[order, flow.None]
}

func (m *orderMachine) Next(p *flow.Plan) bool {
	input := func() order { return m.input }
	return m.charge.Run(p, &m.def.charge, input) &&
		m.approval.Run(p, &m.def.approval, func() bool { return m.input.Ask }, nil, nil) &&
		m.ship.Run(p, &m.def.ship, input)
}

func (m *orderMachine) Output(*flow.Plan) any { return m.charge.Out }

type orderFlow struct {
	flow.Definition
	charge, ship flow.StepDef
	approval     flow.WaitDef
}

func newOrderFlow() *orderFlow {
	f := &orderFlow{
		charge:   flow.StepDef{Name: "charge", Doc: "Charges the card.", Compensation: &flow.CompensationDef{Name: "refund"}},
		ship:     flow.StepDef{Name: "ship"},
		approval: flow.WaitDef{Name: "approval", Payload: reflect.TypeFor[approval]()},
	}
	f.Definition = flow.Definition{
		Flow: "order", Version: "1.0", Doc: "Sells <things>.",
		Steps: []*flow.StepDef{&f.charge, &f.ship}, Waits: []*flow.WaitDef{&f.approval},
		Input: reflect.TypeFor[order](), Output: reflect.TypeFor[receipt](),
		New: func(input []byte) (flow.Machine, error) {
			m := &orderMachine{def: f}
			return m, flow.Decode(input, &m.input)
		},
	}
	return f
}

// errNoTruck is why ship fails for a count of 13, for good.
var errNoTruck = errors.New("no <b>truck</b> & no \"driver\"")

func (f *orderFlow) register(rt *runtime.Runtime) error {
	return rt.Register(&f.Definition,
		runtime.StepHandler(&f.charge, func(_ context.Context, o order) (receipt, error) { return receipt{"ch_" + o.OrderID, o.Card}, nil }),
		runtime.CompensationHandler(&f.charge, func(context.Context, order, receipt) error { return nil }),
		runtime.PlainStepHandler(&f.ship, func(_ context.Context, o order) error {
			if o.Count == 13 {
				return errNoTruck
			}
			return nil
		}),
	)
}

// site is a runtime with a handler on a server.
type site struct {
	*testing.T
	rt     *runtime.Runtime
	server *httptest.Server
	text   *contract // the OpenAPI text; see openapi_test.go
	// who is the principal of the next requests; nil refuses them.
	who atomic.Pointer[web.Principal]
	// onClosed is called when a connection was closed; nil is nobody.
	onClosed atomic.Pointer[func()]
}

func newSite(t *testing.T, opts ...web.Option) *site {
	t.Helper()
	return newSiteOn(t, memory.New().Open(), opts...)
}

func newSiteOn(t *testing.T, st store.Store, opts ...web.Option) *site {
	t.Helper()
	return newSiteOf(t, st, nil, opts...)
}

// newSiteOf is newSiteOn with options of the runtime.
func newSiteOf(t *testing.T, st store.Store, of []runtime.Option, opts ...web.Option) *site {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	rt, err := runtime.New(st, append(of, runtime.WithLogger(quiet))...)
	if err != nil {
		t.Fatal(err)
	}
	if err := newOrderFlow().register(rt); err != nil {
		t.Fatal(err)
	}
	if err := rt.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := &site{T: t, rt: rt}
	s.is(web.Operator("ops"))
	auth := web.WithAuth(func(*http.Request) (web.Principal, error) {
		if who := s.who.Load(); who != nil {
			return *who, nil
		}
		return web.Principal{}, errors.New("nobody")
	})
	handler, err := web.Handler(rt, append([]web.Option{auth, web.WithLogger(quiet)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	s.server = httptest.NewUnstartedServer(handler)
	s.server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if closed := s.onClosed.Load(); closed != nil && state == http.StateClosed {
			(*closed)()
		}
	}
	s.server.Start()
	t.Cleanup(func() {
		s.server.CloseClientConnections()
		s.server.Close()
		if err := rt.Close(context.Background()); err != nil {
			t.Error(err)
		}
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// is says who sends the requests from now on.
func (s *site) is(p web.Principal) { s.who.Store(&p) }

// answer is what a server answered.
type answer struct {
	*testing.T
	status int
	header http.Header
	body   []byte
}

// do sends a request. The header is of pairs of names and values.
func (s *site) do(method, path, body string, header ...string) answer {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), method, s.server.URL+"/_bext"+path, strings.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	client := *s.server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := client.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		s.Fatal(err)
	}
	a := answer{s.T, response.StatusCode, response.Header, text}
	s.conforms(method, path, a)
	return a
}

func (s *site) get(path string) answer {
	s.Helper()
	return s.do("GET", path, "")
}

// is wants a status.
func (a answer) is(status int) answer {
	a.Helper()
	if a.status != status {
		a.Fatalf("the answer is %d, want %d: %s", a.status, status, a.body)
	}
	return a
}

// into reads the answer's JSON.
func (a answer) into(v any) {
	a.Helper()
	if err := json.NewDecoder(bytes.NewReader(a.body)).Decode(v); err != nil {
		a.Fatalf("%v in %s", err, a.body)
	}
}

// problem wants the answer to be an error of a status.
func (a answer) problem(status int) web.Problem {
	a.Helper()
	a.is(status)
	if got := a.header.Get("Content-Type"); got != "application/problem+json" {
		a.Fatalf("an error of the type %q: %s", got, a.body)
	}
	var p web.Problem
	a.into(&p)
	if p.Status != status || p.Title == "" {
		a.Fatalf("the problem says %+v", p)
	}
	return p
}

// start starts a run over HTTP and returns its id.
func (s *site) start(body string, header ...string) string {
	s.Helper()
	var started web.StartAnswer
	s.do("POST", "/flows/order", body, header...).is(202).into(&started)
	return started.RunID
}

// until asks for a run until it has a status or a phase.
func (s *site) until(runID, state string) web.RunDetail {
	s.Helper()
	for {
		var run web.RunDetail
		s.get("/admin/flows/" + runID).is(200).into(&run)
		if string(run.Status) == state || run.Phase != nil && *run.Phase == state {
			return run
		}
		select {
		case <-s.Context().Done():
			s.Fatalf("the run never was %s: %+v", state, run)
		case <-time.After(time.Millisecond):
		}
	}
}
