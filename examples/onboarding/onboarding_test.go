package main

import (
	"bytes"
	"database/sql"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// transcript is a writer for many goroutines.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (t *transcript) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.Write(p)
}

func (t *transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}

// flagsFor are the arguments of a program that has its files in a folder.
func flagsFor(dir string, more ...string) []string {
	return append([]string{"-db", filepath.Join(dir, "runs.db"), "-directory", filepath.Join(dir, "directory.db")}, more...)
}

// run is the program in a folder. It returns its exit code and all that it printed.
func run(t *testing.T, dir string, more ...string) (code int, printed string) {
	t.Helper()
	var out transcript
	code = command(t.Context(), flagsFor(dir, more...), &out, &out)
	return code, out.String()
}

// mustRun is a program that has to succeed.
func mustRun(t *testing.T, dir string, more ...string) (printed string) {
	t.Helper()
	code, printed := run(t, dir, more...)
	if code != 0 {
		t.Fatalf("exit code %d:\n%s", code, printed)
	}
	return printed
}

// Each of the five customers ends as the file has it, on the real store: the clock is
// moved over the hours.
func TestFates(t *testing.T) {
	printed := mustRun(t, t.TempDir())
	for _, c := range []struct {
		name  string
		lines []string // patterns of all that is said
	}{
		{"approved early", []string{
			`acorn completed: account-\d+, approved by Olga, ada@acorn.our.example ben@\S+ cleo@\S+ dan@\S+ eve@\S+ finn@\S+`,
			`    0 h  create-account, send-welcome`,
			`    2 h  decision, (create-(account|mail-domain|workspace|billing-account), |grant-plan, ){4}provision-seat \(6\), announce`,
		}},
		{"approved after the reminder", []string{
			`birch completed: account-\d+, approved by Pete, gil@birch.our.example`,
			`    0 h  create-account, send-welcome`,
			`   24 h  no decision, send-reminder`,
			`   30 h  late-decision, (create-(mail-domain|workspace), |grant-plan, ){3}provision-seat, announce`,
		}},
		{"refused", []string{
			`cedar failed at refuse: onboarding-refused \(by: Olga, reason: they owe us money\)`,
			`    0 h  create-account, send-welcome`,
			`    5 h  decision, refuse failed, undo create-account`,
		}},
		{"nobody answers", []string{
			`dogwood failed at late-decision: .*`,
			`    0 h  create-account, send-welcome`,
			`   24 h  no decision, send-reminder`,
			`   72 h  no late-decision, undo create-account`,
		}},
		{"a seat fails for good", []string{
			`elm failed at seats\[\d\].provision-seat: the seat kim@elm.our.example is taken`,
			`    0 h  create-account, send-welcome`,
			`    3 h  decision, (create-(mail-domain|workspace|billing-account), |grant-plan, ){4}(provision-seat[^,]*, ){1,3}` +
				`undo provision-seat[^,]*, (undo (create-(mail-domain|workspace|billing-account)|grant-plan), ){4}undo create-account`,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !regexp.MustCompile(`(?m)^` + strings.Join(c.lines, `\n`) + `$`).MatchString(printed) {
				t.Errorf("not said:\n%s\nbut:\n%s", strings.Join(c.lines, "\n"), printed)
			}
		})
	}
	if !strings.Contains(printed, "The directory is right") {
		t.Errorf("the directory was not checked:\n%s", printed)
	}
}

// The mail system has made two seats and not answered when a third fails: they are removed too.
func TestSeatsThatWereStoppedAreRemoved(t *testing.T) {
	printed := mustRun(t, t.TempDir(), "-seat-delay", "25s", "-customers", writeFile(t, `[{"customer": {
		"customerId": "elm", "company": "Elm Partners", "email": "mail@elm.example", "seats": [
			{"name": "Kim", "email": "kim@elm.example"}, {"name": "Lou", "email": "lou@elm.example"}, {"name": "Kim's sister", "email": "kim@home.example"}
		]}, "decision": {"approved": true, "by": "Olga"}}]`))
	for _, says := range []string{"the seat kim@elm.our.example is taken", "provision-seat failed (3), undo provision-seat (3)", "The directory is right"} {
		if !strings.Contains(printed, says) {
			t.Errorf("not said: %q\n%s", says, printed)
		}
	}
}

// A second start of the program finds every customer at their end and does nothing again.
func TestSecondStartStartsNothing(t *testing.T) {
	dir := t.TempDir()
	first := mustRun(t, dir)
	second := mustRun(t, dir)
	if strings.Contains(second, "made the seat") {
		t.Errorf("a seat was made again:\n%s", second)
	}
	if _, result, ok := strings.Cut(first, "acorn completed"); !ok || !strings.HasSuffix(second, result) {
		t.Errorf("the second start said\n%s\nthe first\n%s", second, first)
	}
}

// A file that does not keep the rules of the flow's fields is refused before anything begins.
func TestCustomersAreChecked(t *testing.T) {
	for _, c := range []struct{ name, text, says string }{
		{"what is not JSON", `acorn`, "invalid character"},
		{"two customers of one id", `[{"customer": {"customerId": "a"}}, {"customer": {"customerId": "a"}}]`, `two customers "a"`},
		{
			"a decision of nobody",
			`[{"customer": {"customerId": "a"}, "decision": {"approved": true}}]`,
			"the decision about a: by must",
		},
		{"no seats", `[{"customer": {"customerId": "a", "company": "A", "email": "a@a"}}]`, "seats"},
		{
			"a plan that there is not",
			`[{"customer": {"customerId": "a", "company": "A", "email": "a@a", "plan": "gold", "seats": [{"name": "B", "email": "b@a"}]}}]`,
			`gold`,
		},
		{
			"a seat without a mail address",
			`[{"customer": {"customerId": "a", "company": "A", "email": "a@a", "seats": [{"name": "B", "email": "b"}]}}]`,
			"seats[0].email",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, printed := run(t, t.TempDir(), "-customers", writeFile(t, c.text))
			if code != 1 || !strings.Contains(printed, c.says) {
				t.Errorf("exit code %d, want 1, and %q does not say %q", code, printed, c.says)
			}
		})
	}
}

func TestArguments(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"help", []string{"-h"}, 0, "approve CUSTOMER WHO"},
		{"unknown flag", []string{"-nonsense"}, 2, "-nonsense"},
		{"no such file", []string{"-customers", "testdata/none.json"}, 1, "testdata/none.json"},
		{"unknown word", []string{"praise", "acorn", "Olga"}, 1, "say approve or refuse"},
		{"too few words", []string{"approve", "acorn"}, 1, "say approve or refuse"},
		{"a customer who is not there", []string{"approve", "acorn", "Olga"}, 1, "nobody onboards a customer acorn"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, printed := run(t, t.TempDir(), c.args...)
			if code != c.code || !strings.Contains(printed, c.says) {
				t.Errorf("exit code %d, want %d, and %q does not say %q", code, c.code, printed, c.says)
			}
		})
	}
}

func writeFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "customers.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func openDB(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}
