package runtime_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
	"github.com/bextgen/bextgen/runtime/store/encrypted"
	"github.com/bextgen/bextgen/runtime/store/memory"
	"github.com/bextgen/bextgen/runtime/store/sqlite"
)

// This file is about payloads that are encrypted in the database: none of them is found
// there, and the runtime shows them as if they were not.

// diary is a flow with a payload in each place that there is, as bextgen would generate
// it: it writes down each of a list of texts, calls itself for one, waits for a signal, and
// then does what it is told to.
type diary struct {
	*bench
	flow.Definition
	write, call, last flow.StepDef
	word              flow.WaitDef
	end               func(context.Context, note) (note, error)
}

type note struct {
	Text  string   `json:"text"`
	Texts []string `json:"texts"`
}

type diaryMachine struct {
	d     *diary
	input note
	each  flow.Foreach[string, flow.Step[note, note], string]
	call  flow.Step[note, note]
	word  flow.Wait[string]
	last  flow.Step[note, note]
}

func (m *diaryMachine) Next(p *flow.Plan) bool {
	if len(m.input.Texts) == 0 { // of the call
		return true
	}
	return m.each.Run(p, &flow.ForeachDef{Name: "each", Limit: 2}, nil, nil,
		func() []string { return m.input.Texts },
		func(e *flow.Element[string, flow.Step[note, note]]) bool {
			return e.Body.Run(p, &m.d.write, func() note { return note{Text: e.Item} })
		},
		func(e *flow.Element[string, flow.Step[note, note]]) string { return e.Body.Out.Text },
	) && m.call.Run(p, &m.d.call, func() note { return note{Text: m.input.Text} }) &&
		m.word.Run(p, &m.d.word, nil, nil, nil) &&
		m.last.Run(p, &m.d.last, func() note { return note{Text: m.word.Out} })
}

func (m *diaryMachine) Output(*flow.Plan) any { return note{Text: m.input.Text} }

func newDiary(t *testing.T) *diary {
	d := &diary{
		bench: newBench(t),
		write: flow.StepDef{Name: "write", Compensation: &flow.CompensationDef{Name: "erase"}},
		call:  flow.StepDef{Name: "ask", Calls: &flow.CallDef{Flow: "diary", Version: "1.0"}},
		last:  flow.StepDef{Name: "last", Policy: flow.Policy{Retries: 1, Backoff: flow.Fixed, BackoffBase: time.Millisecond}},
		word:  flow.WaitDef{Name: "word", Payload: reflect.TypeFor[string]()},
	}
	d.Definition = flow.Definition{
		Flow: "diary", Version: "1.0", Steps: []*flow.StepDef{&d.write, &d.call, &d.last}, Waits: []*flow.WaitDef{&d.word},
		Errors: []flow.ErrorDef{{Name: "card-declined", New: func() flow.DeclaredError { return new(cardDeclined) }}},
		Input:  reflect.TypeFor[note](), Output: reflect.TypeFor[note](),
		New: func(input []byte) (flow.Machine, error) {
			m := &diaryMachine{d: d}
			return m, flow.Decode(input, &m.input)
		},
	}
	return d
}

const mark = "MARKED-PAYLOAD"

func (d *diary) open(opts ...runtime.Option) {
	d.t.Helper()
	d.bench.open(shop{}, opts...)
	write := func(ctx context.Context, in note) (note, error) {
		info := runtime.Info(ctx)
		info.Progress(0.5, "progress of "+mark)
		return in, info.Checkpoint("checkpoint of " + mark)
	}
	erase := func(context.Context, note, note) error { panic("panic of " + mark) }
	err := d.rt.Register(&d.Definition, runtime.StepHandler(&d.write, write), runtime.CompensationHandler(&d.write, erase),
		runtime.StepHandler(&d.last, func(ctx context.Context, in note) (note, error) { return d.end(ctx, in) }))
	if err != nil {
		d.t.Fatal(err)
	}
}

// start starts a run and lets it come to its wait.
func (d *diary) start(opts ...runtime.StartOption) *runtime.Run[note] {
	d.t.Helper()
	run, err := runtime.StartFlow[note](d.t.Context(), &d.Definition, note{"input " + mark, []string{"list " + mark, "b"}}, opts...)
	if err != nil {
		d.t.Fatal(err)
	}
	d.waits(run)
	return run
}

func (d *diary) waits(run *runtime.Run[note]) {
	d.t.Helper()
	for d.t.Context().Err() == nil {
		for _, e := range d.detailOf(run).Log {
			if e.Kind == flow.KindWait {
				return
			}
		}
	}
}

func (d *diary) detailOf(run *runtime.Run[note]) *runtime.RunDetail {
	d.t.Helper()
	detail, err := d.rt.GetRun(d.t.Context(), run.ID())
	if err != nil {
		d.t.Fatal(err)
	}
	return detail
}

func (d *diary) signal(run *runtime.Run[note]) {
	d.t.Helper()
	if err := runtime.SignalFlow(d.t.Context(), &d.Definition, &d.word, run.ID(), "", "word of "+mark); err != nil {
		d.t.Fatal(err)
	}
}

func aes(t testing.TB, keys ...string) runtime.Option {
	t.Helper()
	var all []encrypted.Key
	for _, id := range keys {
		all = append(all, encrypted.Key{ID: id, Secret: bytes.Repeat([]byte(id[:1]), 32)})
	}
	codec, err := encrypted.NewAES(all[0], all[1:]...)
	if err != nil {
		t.Fatal(err)
	}
	return runtime.WithCodec(codec)
}

// everything lets runs end in all ways, and returns them.
func (d *diary) everything() []*runtime.Run[note] {
	t := d.t
	d.end = func(_ context.Context, in note) (note, error) { return note{Text: "result " + in.Text}, nil }
	completes := d.start()
	d.signal(completes)
	if out, err := completes.Wait(t.Context()); err != nil || out.Text != "input "+mark {
		t.Fatalf("Wait: %+v, %v", out, err)
	}
	d.end = func(ctx context.Context, in note) (note, error) {
		if runtime.Info(ctx).Attempt == 1 {
			return note{}, errors.New("error of " + mark)
		}
		return note{}, &cardDeclined{Reason: mark}
	}
	fails := d.start()
	if err := d.rt.PauseRun(t.Context(), fails.ID(), "pause of "+mark); err != nil {
		t.Fatal(err)
	}
	for d.detailOf(fails).Phase != flow.PhasePaused {
	}
	if err := d.rt.ResumeRun(t.Context(), fails.ID()); err != nil {
		t.Fatal(err)
	}
	d.signal(fails)
	var declined *cardDeclined
	if _, err := fails.Wait(t.Context()); !errors.As(err, &declined) || declined.Reason != mark {
		t.Fatalf("Wait: %v", err)
	}
	id, err := d.rt.RetryRun(t.Context(), fails.ID()) // it keeps a part of the log
	if err != nil {
		t.Fatal(err)
	}
	retried, err := runtime.GetFlow[note](t.Context(), &d.Definition, id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := retried.Wait(t.Context()); err == nil {
		t.Fatal("the retry does not fail")
	}
	cancelled := d.start()
	if err := d.rt.CancelRun(t.Context(), cancelled.ID(), "cancel of "+mark); err != nil {
		t.Fatal(err)
	}
	if _, err := cancelled.Wait(t.Context()); !errors.Is(err, runtime.ErrRunCancelled) {
		t.Fatal(err)
	}
	return []*runtime.Run[note]{completes, fails, retried, cancelled, d.start()}
}

func TestThePayloadsAreNotInTheDatabase(t *testing.T) {
	for _, clear := range []bool{true, false} {
		d := newDiary(t)
		if clear {
			d.open()
		} else {
			d.open(aes(t, "k1"))
		}
		runs := d.everything()
		if err := d.rt.CancelRun(t.Context(), runs[0].ID(), ""); !errors.Is(err, store.ErrFinal) {
			t.Error(err)
		}
		shown := ""
		for _, run := range runs {
			raw, err := json.Marshal(d.detailOf(run))
			if err != nil {
				t.Fatal(err)
			}
			shown += string(raw)
		}
		for _, place := range []string{"input", "list", "checkpoint of", "progress of", "panic of", "pause of", "cancelled: cancel of", "word of", "result word of", "error of"} {
			if !strings.Contains(shown, place+" "+mark) {
				t.Errorf("clear is %v: GetRun shows nowhere %q", clear, place)
			}
		}
		if found := d.found(); found != clear {
			t.Errorf("clear is %v, and that a payload is found in the files is %v", clear, found)
		}
	}
}

// found says whether a payload, or one in base 64, is in the files of the database.
func (d *diary) found() bool {
	d.t.Helper()
	files, err := filepath.Glob(d.path + "*")
	if err != nil || len(files) < 2 {
		d.t.Fatalf("the files are %v, %v; the test wants the WAL too", files, err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			d.t.Fatal(err)
		}
		for i := range 3 {
			shifted := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", i) + mark))
			if bytes.Contains(raw, []byte(mark)) || bytes.Contains(raw, []byte(shifted[4:len(shifted)-4])) {
				return true
			}
		}
	}
	return false
}

// A run that began in clear goes on when the database is encrypted, and with a newer key.
func TestTurningEncryptionOnAndRotatingKeys(t *testing.T) {
	d := newDiary(t)
	d.end = func(_ context.Context, in note) (note, error) { return in, nil }
	d.open()
	first := d.start(runtime.WithIdempotencyKey("once"))
	d.close()
	d.open(aes(t, "k1"))
	again := d.start(runtime.WithIdempotencyKey("once"))
	if again.ID() != first.ID() || !again.Existing() {
		t.Error("a start with the same key makes another run")
	}
	second := d.start(runtime.WithRunID("01JD0000000000000000000001"))
	d.close()
	d.open(aes(t, "k2", "k1"))
	for _, run := range []string{first.ID(), second.ID()} {
		r, err := runtime.GetFlow[note](t.Context(), &d.Definition, run)
		if err != nil {
			t.Fatal(err)
		}
		d.signal(r)
		if out, err := r.Wait(t.Context()); err != nil || out.Text != "input "+mark {
			t.Errorf("Wait: %+v, %v", out, err)
		}
	}
	if again := d.start(runtime.WithRunID(second.ID())); !again.Existing() {
		t.Error("a start with the same id makes another run")
	}
}

// A program that has not the key leaves the run as it is; one that has goes on with it.
func TestAMissingKeyLosesNothing(t *testing.T) {
	d := newDiary(t)
	d.end = func(_ context.Context, in note) (note, error) { return in, nil }
	d.open(aes(t, "k1"))
	run := d.start()
	d.close()
	for name, opts := range map[string][]runtime.Option{"another key": {aes(t, "k2")}, "none": nil} {
		log := new(lines)
		d.open(append(opts, runtime.WithLogger(slog.New(slog.NewTextHandler(log, nil))))...)
		_, err := d.rt.GetRun(t.Context(), run.ID())
		var e *encrypted.Error
		if !errors.As(err, &e) || !errors.Is(err, encrypted.ErrNoKey) || e.Run != run.ID() || e.KeyID != "k1" {
			t.Errorf("%s: GetRun: %v", name, err)
		}
		if err := d.rt.PauseRun(t.Context(), run.ID(), ""); err != nil { // so that it is due
			t.Error(err)
		}
		for !log.has("the run is left as it is", run.ID(), "k1") && t.Context().Err() == nil {
		}
		other, err := d.bench.flow.start(t.Context(), shipment{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := other.Wait(t.Context()); err != nil {
			t.Errorf("%s: another run: %v", name, err)
		}
		d.close()
	}
	d.open(aes(t, "k2", "k1"))
	again, err := runtime.GetFlow[note](t.Context(), &d.Definition, run.ID())
	if err != nil {
		t.Fatal(err)
	}
	for d.detailOf(again).Phase != flow.PhasePaused && t.Context().Err() == nil {
	}
	if err := d.rt.ResumeRun(t.Context(), run.ID()); err != nil {
		t.Fatal(err)
	}
	d.signal(again)
	if out, err := again.Wait(t.Context()); err != nil || out.Text != "input "+mark {
		t.Errorf("with the key: %+v, %v", out, err)
	}
}

// lines is what was logged.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

// has says whether all of these were logged.
func (l *lines) has(texts ...string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, text := range texts {
		if !strings.Contains(l.text.String(), text) {
			return false
		}
	}
	return true
}

func TestACodecThatIsNilIsNoLeaveToWriteInClear(t *testing.T) {
	b := newBench(t)
	b.open(shop{}, runtime.WithCodec(nil))
	if _, err := b.flow.start(t.Context(), shipment{}); err == nil {
		t.Error("a run was started")
	}
}

// Whoever changes the file, or moves its rows, is found out, also who mends the checksums of the rows.
func TestRowsThatWereChangedOrMoved(t *testing.T) {
	for name, change := range map[string]string{
		"a byte of the input":    `UPDATE runs SET sum = NULL, input = substr(input, 1, 40) || CASE substr(input, 41, 1) WHEN 'A' THEN 'B' ELSE 'A' END || substr(input, 42) WHERE id = ?1`,
		"a shorter input":        `UPDATE runs SET sum = NULL, input = substr(input, 1, 30) WHERE id = ?1`,
		"no base 64":             `UPDATE runs SET sum = NULL, input = 'bextgen:1:k1:$$$' WHERE id = ?1`,
		"no key":                 `UPDATE runs SET sum = NULL, input = 'bextgen:1:' WHERE id = ?1`,
		"the input of another":   `UPDATE runs SET sum = NULL, input = (SELECT input FROM runs WHERE id = ?2) WHERE id = ?1`,
		"the output of a step":   `UPDATE log SET sum = NULL, output = (SELECT output FROM log WHERE kind = 'step' AND step = 'each[1].write' AND run = (SELECT run FROM runs WHERE id = ?1)) WHERE kind = 'step' AND step = 'each[0].write' AND run = (SELECT run FROM runs WHERE id = ?1)`,
		"a step's name":          `UPDATE log SET sum = NULL, step = 'other' WHERE step = 'each[0].write' AND run = (SELECT run FROM runs WHERE id = ?1)`,
		"the input as an output": `UPDATE runs SET head_sum = NULL, output = input WHERE id = ?1`,
	} {
		t.Run(name, func(t *testing.T) {
			d := newDiary(t)
			d.open(aes(t, "k1"))
			one, other := d.start(), d.start()
			d.close()
			db, err := sql.Open("sqlite", "file:"+d.path)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if _, err := db.Exec(change, one.ID(), other.ID()); err != nil {
				t.Fatal(err)
			}
			d.open(aes(t, "k1"))
			_, err = d.rt.GetRun(t.Context(), one.ID())
			var e *encrypted.Error
			if !errors.As(err, &e) || e.Run != one.ID() || !errors.Is(err, encrypted.ErrNotGenuine) && !errors.Is(err, encrypted.ErrNoKey) {
				t.Errorf("GetRun: %v; want that it is not genuine", err)
			}
			d.detailOf(other)
		})
	}
}

// BenchmarkEncryption is what encryption costs a run of four steps.
func BenchmarkEncryption(b *testing.B) {
	b.Run("clear", func(b *testing.B) { benchmarkEngine(b, sqlite.Normal, 100) })
	b.Run("AES", func(b *testing.B) { benchmarkEngine(b, sqlite.Normal, 100, aes(b, "k1")) })
}

// Processes that ended while the key was missing are not what a run is blamed for.
func TestARunWithoutItsKeyEndsNoProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		data := memory.New()
		var begun atomic.Int64
		j := newJob("job", func(ctx context.Context, in number) (number, error) {
			if begun.Add(1) == 1 {
				<-ctx.Done() // until the process ends
			}
			return in, context.Cause(ctx)
		})
		process := func(opts ...runtime.Option) (*memory.Store, *runtime.Runtime) {
			s := data.Open()
			rt, err := runtime.New(s, append(opts, runtime.WithLogger(slog.New(slog.DiscardHandler)))...)
			if err != nil {
				t.Fatal(err)
			}
			if err := rt.Register(&j.Definition, runtime.StepHandler(&j.work, j.handle)); err != nil {
				t.Fatal(err)
			}
			if err := rt.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			return s, rt
		}
		withKey := aes(t, "a")
		atOnce, cancel := context.WithCancel(t.Context())
		cancel()
		s, rt := process(withKey)
		run, err := j.start(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		for range 15 {
			time.Sleep(time.Minute)
			s.Kill()
			rt.Close(atOnce)
			s, rt = process()
		}
		s.Kill()
		rt.Close(atOnce)
		_, rt = process(withKey)
		defer rt.Close(context.Background())
		time.Sleep(time.Minute)
		if d, err := rt.GetRun(t.Context(), run.ID()); err != nil || d.Status != runtime.StatusCompleted || begun.Load() != 2 {
			t.Errorf("with its key, the run is %+v, %v", d, err)
		}
	})
}
