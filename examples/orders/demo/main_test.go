package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// A shop for the tests is this test binary, which says what it is told to.
const sayVariable = "DEMO_TEST_SAY"

func TestMain(m *testing.M) {
	if text := os.Getenv(sayVariable); text != "" {
		fmt.Print(strings.TrimSuffix(text, "end"))
		if !strings.HasSuffix(text, "end") {
			select {} // until it is killed
		}
		return
	}
	os.Exit(m.Run())
}

func TestRunAndKill(t *testing.T) {
	charges := func(from, to int, format string) (text string) {
		for i := from; i <= to; i++ {
			text += fmt.Sprintf(format, i)
		}
		return text
	}
	const begun, whole = "charging ord_%d\n", "charging ord_%[1]d\ncharged ord_%[1]d\n"
	for _, c := range []struct{ name, says, hit, failure string }{
		{"two charges are under way", charges(1, 8, whole) + charges(9, 10, begun), "ord_9 ord_10", ""},
		{"none is under way any more", charges(1, 10, whole), "", ""},
		{"the shop ends by itself", charges(1, 3, whole) + "end", "", "ended before"},
	} {
		t.Run(c.name, func(t *testing.T) {
			shop := exec.Command(os.Args[0])
			shop.Env = append(os.Environ(), sayVariable+"="+c.says)
			hit, err := runAndKill(shop)
			if c.failure == "" && err != nil || c.failure != "" && (err == nil || !strings.Contains(err.Error(), c.failure)) {
				t.Fatalf("got %v, want an error that says %q", err, c.failure)
			}
			if got := strings.Join(hit, " "); got != c.hit {
				t.Errorf("hit %q, want %q", got, c.hit)
			}
		})
	}
}

func TestQuietPassesOnTheRest(t *testing.T) {
	out := new(bytes.Buffer)
	q := &quiet{out: out}
	for _, part := range []string{"charging ord_1\nor", "d_1 completed\nchar", "ged ord_1\n", "done\n"} {
		if _, err := q.Write([]byte(part)); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := out.String(), "ord_1 completed\ndone\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
