package main

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// childVariable tells this test's program to be the example itself, with these arguments, a line each.
const childVariable = "ONBOARDING_TEST_ARGUMENTS"

func TestMain(m *testing.M) {
	if args := os.Getenv(childVariable); args != "" {
		os.Exit(command(context.Background(), strings.Split(args, "\n"), os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// A program that is killed while the mail system makes seats goes on when it is started
// again, and makes each seat once. The approval comes from another process.
func TestKillInTheMiddleOfTheSeats(t *testing.T) {
	dir := t.TempDir()
	customers := writeFile(t, `[{"customer": {"customerId": "acorn", "company": "Acorn Ltd", "email": "office@acorn.example", "plan": "business",
		"seats": [{"name": "Ada", "email": "ada@acorn.example"}, {"name": "Ben", "email": "ben@acorn.example"}]}}]`)
	child := start(t, flagsFor(dir, "-customers", customers, "-real-time", "-seat-delay", "25s"))
	child.expect("acorn waits")
	if said := mustRun(t, dir, "approve", "acorn", "Olga"); !strings.Contains(said, "told the onboarding of acorn") {
		t.Errorf("approve said %q", said)
	}
	child.expect("made the seat")
	child.expect("made the seat")
	child.kill()

	printed := mustRun(t, dir, "-customers", customers)
	for _, says := range []string{"acorn completed", "approved by Olga", "The directory is right"} {
		if !strings.Contains(printed, says) {
			t.Errorf("not said: %q\n%s", says, printed)
		}
	}
	var seats int
	db := openDB(t, filepath.Join(dir, "directory.db"))
	if err := db.QueryRow(`SELECT count(*) FROM entries WHERE kind = 'seat'`).Scan(&seats); err != nil || seats != 2 {
		t.Errorf("%d seats were made, error %v; want 2", seats, err)
	}
}

// A program that is killed while nobody has decided waits on for what was left of the time.
func TestKillInTheWait(t *testing.T) {
	dir := t.TempDir()
	customers := writeFile(t, `[{"customer": {"customerId": "acorn", "company": "Acorn Ltd", "email": "office@acorn.example",
		"seats": [{"name": "Ada", "email": "ada@acorn.example"}]}}]`)
	child := start(t, flagsFor(dir, "-customers", customers, "-real-time"))
	child.expect("acorn waits")
	child.kill()

	printed := mustRun(t, dir, "-customers", customers)
	for _, says := range []string{"24 h  no decision, send-reminder", "72 h  no late-decision, undo create-account"} {
		if !strings.Contains(printed, says) {
			t.Errorf("not said: %q\n%s", says, printed)
		}
	}
}

// A program whose clock was moved takes it up where it was: the steps behind a kill have
// their place behind those before.
func TestKillBehindHoursThatWereSkipped(t *testing.T) {
	dir := t.TempDir()
	customers := writeFile(t, `[{"customer": {"customerId": "acorn", "company": "Acorn Ltd", "email": "office@acorn.example",
		"seats": [{"name": "Ada", "email": "ada@acorn.example"}]}, "decidedAfter": "30h", "decision": {"approved": true, "by": "Olga"}}]`)
	child := start(t, flagsFor(dir, "-customers", customers, "-seat-delay", "25s"))
	child.expect("made the seat")
	child.kill()

	printed := mustRun(t, dir, "-customers", customers)
	if !regexp.MustCompile(`(?m)^   30 h  late-decision, .*, provision-seat, announce$`).MatchString(printed) {
		t.Errorf("not all behind the decision is said to have happened in its hour:\n%s", printed)
	}
}

// program is the example in a process of its own.
type program struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines *bufio.Scanner
}

func start(t *testing.T, args []string) *program {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childVariable+"="+strings.Join(args, "\n"))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()       //nolint:errcheck // it may be over
		io.Copy(io.Discard, out) //nolint:errcheck // it may be closed
	})
	return &program{t: t, cmd: cmd, lines: bufio.NewScanner(out)}
}

// expect reads what the program prints up to a line that begins so.
func (p *program) expect(prefix string) {
	p.t.Helper()
	for p.lines.Scan() {
		if strings.HasPrefix(p.lines.Text(), prefix) {
			return
		}
	}
	p.t.Fatalf("the program ended without a line %q: %v", prefix, p.lines.Err())
}

func (p *program) kill() {
	p.t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		p.t.Fatal(err)
	}
	if err := p.cmd.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		p.t.Fatalf("the program ended by itself: %v", err)
	}
}
