package sqlite

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/bextgen/bextgen/runtime/flow"
	"github.com/bextgen/bextgen/runtime/store"
)

// The queries that are asked all the time read an index in its order: they cost
// the same however many runs there are.
func TestQueryPlans(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "runs.db"))
	for text, want := range map[string]string{
		dueRunningText:          "USING COVERING INDEX runs_due",
		prioritiesText:          "USING COVERING INDEX runs_pending",
		tenantsText(ofPriority): "USING COVERING INDEX runs_pending (flow=? AND major=? AND priority=? AND tenant>?)",
		tenantsText(isFree):     "USING COVERING INDEX runs_pending_any (flow=? AND major=? AND tenant>?)",
		oldestText(ofPriority):  "USING COVERING INDEX runs_pending (flow=? AND major=? AND priority=? AND tenant=?)",
		oldestText(isFree):      "USING COVERING INDEX runs_pending_any (flow=? AND major=? AND tenant=?)",
		firstRunningText:        "USING COVERING INDEX runs_due",
		firstPendingText:        "USING COVERING INDEX runs_pending",
		freeNowText:             "USING INDEX runs_claimed (claim>?)",
		suspectsText:            "USING INDEX runs_claimed (claim<?)",
		`SELECT run FROM runs WHERE claim <> 0 AND claim > 0`: "USING COVERING INDEX runs_claimed (claim>?)",
		`DELETE FROM messages WHERE id = 1 AND run = 2`:       "USING INTEGER PRIMARY KEY",
		messagesToText:                      "SEARCH messages USING INDEX messages_run (run=?)",
		claimPlace:                          "USING COVERING INDEX runs_under_way (flow=? AND concurrency=?)",
		statementTexts[stmtClaimPlaceOfNew]: "USING INDEX runs_waiting_any (flow=? AND concurrency=? AND blocked<?)",
		blockText:                           "USING INDEX runs_waiting_any (flow=? AND concurrency=? AND blocked=? AND major=?)",
		unblockText(isHighest):              "INDEX runs_waiting (flow=? AND concurrency=? AND blocked=? AND major=? AND priority=? AND tenant>?)",
		unblockText(isNext):                 "INDEX runs_waiting_any (flow=? AND concurrency=? AND blocked=? AND major=? AND tenant>?)",
		nextMajorText:                       "USING COVERING INDEX runs_due (flow=? AND major>?)",
		dueText:                             "USING INDEX runs_due (flow=? AND major=? AND wake_at<?)",
		firstOfFlowText:                     "USING INDEX runs_status (status=? AND run>? AND run<?)",
		oldestFreeText:                      "USING COVERING INDEX runs_pending",
		expiredText:                         "USING COVERING INDEX runs_expiry",
		firstStartText:                      "USING COVERING INDEX runs_starting (flow=? AND major=?",
		letStartText:                        "USING COVERING INDEX runs_starting (flow=? AND major=? AND wake_at<?)",
		statementTexts[stmtInsertOtherRun]:  "USING INDEX runs_waiting (flow=? AND concurrency=? AND blocked=? AND major=? AND priority>?)",
		statementTexts[stmtConsumeAll]:      "USING COVERING INDEX messages_run",
		statementTexts[stmtDeleteLog]:       "USING INDEX log_run",
		`SELECT 1 FROM messages WHERE messages.run = 7`: "messages_run",
	} {
		plan := explain(t, s, text)
		if strings.Contains(plan, "TEMP B-TREE") || !strings.Contains(plan, want) {
			t.Errorf("%s:\n%swant %q", text, plan, want)
		}
	}
}

// Pages are read from an index in the order of the keys, whatever a filter says.
func TestListPlans(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "runs.db"))
	for want, filters := range map[string][]store.Filter{
		"SEARCH runs USING INTEGER PRIMARY KEY": {
			{}, {Statuses: []flow.Status{"completed", "failed"}}, {Labels: map[string]string{"a": "b"}}, {Tenants: []string{"", "a"}},
		},
		"run_chunks USING PRIMARY KEY (flow=? AND chunk>? AND chunk<?)": {{Flow: "a"}, {Flow: "a", Statuses: []flow.Status{"completed"}}},
		"USING INDEX runs_status (status=? AND run>? AND run<?)": {
			{Statuses: []flow.Status{"failed", "running"}, Flow: "a", Tenants: []string{"a"}}, {Phase: "paused"}, {ErrorText: "m"},
		},
		"USING INDEX runs_tenant (tenant=? AND run>? AND run<?)": {{Tenants: []string{"a", "b"}, Flow: "a"}},
		"USING INDEX runs_parent (parent_id=? AND run>? AND run<?)": {
			{ParentID: "a", Statuses: []flow.Status{"failed"}, Tenants: []string{"a"}, RetryOf: "b"},
		},
		"USING INDEX runs_retry (retry_of=? AND run>? AND run<?)": {
			{RetryOf: "a", Statuses: []flow.Status{"failed"}, Tenants: []string{"a"}},
		},
	} {
		for _, f := range filters {
			l := new(listing)
			l.plan(&f)
			for _, source := range l.sources {
				page, _ := source.page(l.rest, keys{1, 9}, 50)
				nth, _ := source.nth(keys{1, 9}, 50)
				if source.index == claimedIndex {
					continue // there are few
				}
				for _, text := range []string{page, nth} {
					plan := explain(t, s, text)
					if strings.Contains(plan, "TEMP B-TREE") || !strings.Contains(strings.Replace(plan, "COVERING ", "", 1), want) {
						t.Errorf("%+v: %s:\n%swant %q", f, text, plan, want)
					}
				}
			}
		}
	}
	text, _ := (&source{index: "INDEXED BY runs_key", condition: condition{text: `idempotency_key <> '' AND idempotency_key = ?`}}).page(nil, keys{1, 9}, 50)
	if plan := explain(t, s, text); !strings.Contains(plan, "USING INDEX runs_key (idempotency_key=?)") {
		t.Errorf("the runs of an idempotency key:\n%s", plan)
	}
}

// What looks for messages reads neither all runs nor all messages: there may be many to runs without code.
func TestPlansOfMessages(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "runs.db"))
	for text, want := range map[string][2]string{
		endingText:   {"SCAN m USING INDEX messages_ending", "SEARCH r USING INTEGER PRIMARY KEY"},
		unobeyedText: {"SEARCH runs USING INDEX runs_claimed (claim>?)", "SEARCH messages USING INDEX messages_run (run=?)"},
	} {
		plan := explain(t, s, text)
		if !strings.HasPrefix(plan, want[0]) || !strings.Contains(plan, want[1]) {
			t.Errorf("%s:\n%swant %q", text, plan, want)
		}
	}
}

func explain(t *testing.T, s *Store, text string) string {
	t.Helper()
	args := make([]any, strings.Count(text, "?"))
	rows, err := s.readers.Query("EXPLAIN QUERY PLAN "+text, args...)
	var plan strings.Builder
	err = each(rows, err, func(scan func(...any) error) error {
		var id, parent, unused int
		var detail string
		err := scan(&id, &parent, &unused, &detail)
		plan.WriteString(detail + "\n")
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return plan.String()
}
