package runtime_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/bextgen/bextgen/runtime"
)

// This file is about secrets in what a program is shown of runs whose flow has no
// description, as those that were generated before there were any. What is generated now is
// looked at in testdata/gen/hidden.txtar.

const card = "4111-2222-3333"

// shownOf is all that is shown of a run.
func shownOf(t *testing.T, rt *runtime.Runtime, id string) string {
	t.Helper()
	detail, err := rt.GetRun(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	page, err := rt.ListRuns(t.Context(), runtime.RunFilter{})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal([]any{detail, page})
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestSecretsAreHiddenByTheirTypes(t *testing.T) {
	b := newBench(t)
	log := new(lines)
	logged := runtime.WithLogger(slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	s := shop{
		pay: func(ctx context.Context, in shipment) (receipt, error) {
			info := runtime.Info(ctx)
			info.Progress(0.5, "pays with "+in.Card)
			if err := info.Checkpoint(map[string]any{"card": in.Card, "count": in.Count}); err != nil {
				return receipt{}, err
			}
			var last map[string]any
			if _, err := info.LastCheckpoint(&last); err != nil || last["card"] != card {
				t.Errorf("the handler has its checkpoint as %v, %v", last, err)
			}
			return receipt{}, &cardDeclined{Reason: "no money on " + in.Card}
		},
		release: func(_ context.Context, in shipment, _ receipt) error { panic("the handler has " + in.Card) },
	}
	b.open(s, logged)
	run := b.start(shipment{Count: 7, Card: card})
	_, err := run.Wait(t.Context())
	if err == nil || strings.Contains(err.Error(), card) {
		t.Errorf("Wait: %v", err)
	}
	shown := shownOf(t, b.rt, run.ID())
	if strings.Contains(shown, card) || log.has(card) {
		t.Errorf("the card is shown in %s\nor logged in %s", shown, log.text.String())
	}
	for _, seen := range []string{`"Input":{"card":"•••","count":7}`, `"Output":{"id":"r"}`, `"fields":{"reason":"no money on •••"}`, "no money on •••", `"Checkpoint":{"card":"•••","count":7}`, "pays with •••", "panic: the handler has •••"} {
		if !strings.Contains(shown, seen) {
			t.Errorf("%s is not seen in %s", seen, shown)
		}
	}
	b.close()
	b.flow = newShipFlow()
	b.flow.Flow = "other" // so that nothing is known of the run's flow
	b.open(s, logged)
	shown = shownOf(t, b.rt, run.ID())
	if strings.Contains(shown, card) || !strings.Contains(shown, `"Input":"•••","Output":"•••"`) || !strings.Contains(shown, `"Checkpoint":"•••"`) ||
		!strings.Contains(shown, `"fields":"•••"`) || !strings.Contains(shown, "no money on •••") {
		t.Errorf("without the code there is shown %s", shown)
	}
}
