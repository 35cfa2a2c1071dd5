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
	list := func(f store.Filter) string { text, _ := listQuery(f, 7, 50); return text }
	for text, want := range map[string]string{
		dueRunningText:                "USING COVERING INDEX runs_due",
		duePendingText:                "USING COVERING INDEX runs_pending",
		firstRunningText:              "USING COVERING INDEX runs_due",
		firstPendingText:              "USING COVERING INDEX runs_pending",
		list(store.Filter{}):          "USING INTEGER PRIMARY KEY",
		list(store.Filter{Flow: "a"}): "USING INTEGER PRIMARY KEY",
		list(store.Filter{Status: flow.StatusCompleted}):            "USING INTEGER PRIMARY KEY",
		list(store.Filter{Status: flow.StatusFailed}):               "USING INDEX runs_status",
		list(store.Filter{Status: flow.StatusFailed, Flow: "a"}):    "USING INDEX runs_status",
		list(store.Filter{Tenant: "a"}):                             "USING INDEX runs_tenant",
		`UPDATE runs SET claim = 0 WHERE claim <> 0 AND claim <> 7`: "runs_claimed",
		`SELECT run FROM runs WHERE claim <> 0`:                     "runs_claimed",
		`DELETE FROM messages WHERE id = 1 AND run = 2`:             "USING INTEGER PRIMARY KEY",
		unobeyedText:                        "SCAN messages",
		claimPlace:                          "USING COVERING INDEX runs_under_way (flow=? AND concurrency=?)",
		statementTexts[stmtClaimPlaceOfNew]: "USING INDEX runs_waiting (flow=? AND concurrency=?)",
		blockText:                           "USING INDEX runs_waiting (flow=? AND concurrency=? AND blocked=? AND major=?)",
		unblockNextText:                     "USING INDEX runs_waiting (flow=? AND concurrency=? AND blocked=? AND major=?)",
		expiredText:                         "USING COVERING INDEX runs_expiry",
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
