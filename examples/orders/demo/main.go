// Command demo runs the shop over its orders, kills it while charges are under
// way, starts it again, and shows how each order ends. Run it from the
// repository: make demo. With DEMO_SERVE=1 the shop stays open then, with its dashboard.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	// chargeDelay is how long the bank takes to answer; the kill comes in that time.
	chargeDelay = 400 * time.Millisecond
	// killAt is the charge in which the shop is killed.
	killAt = 10
)

func main() {
	if err := demo(os.Stdout, os.Getenv("DEMO_SERVE") == "1"); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func demo(out io.Writer, stay bool) error {
	folder, err := os.MkdirTemp("", "bextgen-demo-")
	if err != nil {
		return fmt.Errorf("make a folder for the demo: %w", err)
	}
	program := filepath.Join(folder, "orders")
	say(out, "Building the shop, examples/orders.")
	if text, err := exec.Command("go", "build", "-o", program, "./examples/orders").CombinedOutput(); err != nil {
		return fmt.Errorf("build the shop: %w\n%s", err, text)
	}
	files := []string{
		"-db", filepath.Join(folder, "runs.db"), "-shop", filepath.Join(folder, "shop.db"),
		"-orders", "examples/orders/testdata/orders.json",
	}
	args := append([]string{"-all", "-concurrency", "4", "-charge-delay", chargeDelay.String()}, files...)

	say(out, "Opening it for 20 orders, four at a time.")
	hit, err := runAndKill(exec.Command(program, args...))
	if err != nil {
		return err
	}
	if len(hit) == 0 {
		return errors.New("the kill did not come while a charge was under way: nothing was shown")
	}
	say(out, "Killed it with SIGKILL. The bank had taken the money for %s, and the shop did not know yet.", strings.Join(hit, ", "))

	say(out, "Opening it again: it goes on with the orders it had.\n")
	again := exec.Command(program, append(args, "-timeline", "-check")...)
	again.Stdout, again.Stderr = &quiet{out: out}, os.Stderr
	if err := again.Run(); err != nil {
		return fmt.Errorf("the shop failed when it was opened again (its databases are in %s): %w", folder, err)
	}
	if stay {
		say(out, "")
		return keepOpen(exec.Command(program, files...))
	}
	say(out, "\nTo see the dashboard of these runs at http://127.0.0.1:8080/_bext/admin/flows, open the shop once more:\n"+
		"  %s %s\n(or begin with DEMO_SERVE=1 make demo)", program, strings.Join(files[:4], " "))
	return nil
}

// keepOpen runs the shop as a server until somebody stops it.
func keepOpen(shop *exec.Cmd) error {
	shop.Stdout, shop.Stderr = os.Stdout, os.Stderr
	if err := shop.Run(); err != nil {
		return fmt.Errorf("the shop closed: %w", err)
	}
	return nil
}

// runAndKill runs the shop until it is in the middle of charges, kills it, and
// returns the orders whose charge had begun and not ended.
func runAndKill(shop *exec.Cmd) ([]string, error) {
	shop.Stderr = os.Stderr
	stdout, err := shop.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := shop.Start(); err != nil {
		return nil, fmt.Errorf("start the shop: %w", err)
	}
	var charging []string
	begun := 0
	lines := bufio.NewScanner(stdout)
	for lines.Scan() { // to the end: what the shop still said before it died counts
		if order, ok := strings.CutPrefix(lines.Text(), "charging "); ok {
			charging = append(charging, order)
			begun++
			if begun == killAt {
				time.Sleep(chargeDelay / 2) // the bank has the money, and has not answered
				if err := shop.Process.Kill(); err != nil {
					return nil, fmt.Errorf("kill the shop: %w", err)
				}
			}
		}
		if order, ok := strings.CutPrefix(lines.Text(), "charged "); ok {
			charging = slices.DeleteFunc(charging, func(o string) bool { return o == order })
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read what the shop says: %w", err)
	}
	if err := shop.Wait(); err == nil {
		return nil, errors.New("the shop ended before it could be killed")
	}
	return charging, nil
}

func say(out io.Writer, format string, args ...any) {
	fmt.Fprintf(out, format+"\n", args...)
}

// quiet passes on what the shop says, without the lines about single charges.
type quiet struct {
	out  io.Writer
	rest []byte
}

// Write takes any part of the shop's output and passes on whole lines.
func (q *quiet) Write(p []byte) (int, error) {
	q.rest = append(q.rest, p...)
	for {
		i := slices.Index(q.rest, '\n')
		if i < 0 {
			return len(p), nil
		}
		line := string(q.rest[:i+1])
		q.rest = q.rest[i+1:]
		if strings.HasPrefix(line, "charging ") || strings.HasPrefix(line, "charged ") {
			continue
		}
		if _, err := io.WriteString(q.out, line); err != nil {
			return len(p), err
		}
	}
}
