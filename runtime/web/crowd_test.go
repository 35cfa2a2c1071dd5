package web_test

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// This file measures a crowd: many clients of one run's stream. They are in processes of
// their own, since the descriptors of one do not suffice for both ends:
//
//	go test ./runtime/web -run TestACrowdFollowsOneRun -v -crowd 10000

var crowd = flag.Int("crowd", 200, "how many clients follow one run in TestACrowdFollowsOneRun")

// crowdEnv makes this program one of the processes of clients: ADDRESS PATH COUNT.
const crowdEnv = "BEXTGEN_TEST_CROWD"

func TestMain(m *testing.M) {
	if job := os.Getenv(crowdEnv); job != "" {
		if err := beCrowd(job); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// beCrowd follows with many clients. It says "ready" when all of them have the first
// event, and then for each when it had the event of the run's end, in microseconds since 1970.
func beCrowd(job string) error {
	var address, path string
	var count int
	if _, err := fmt.Sscan(job, &address, &path, &count); err != nil {
		return err
	}
	var started, ended sync.WaitGroup
	times := make([]int64, count)
	errs := make(chan error, count)
	dial := make(chan struct{}, 64) // not all at once
	for i := range count {
		started.Add(1)
		ended.Go(func() {
			var once sync.Once
			defer once.Do(started.Done)
			dial <- struct{}{}
			c, err := net.Dial("tcp", address)
			if err == nil {
				defer c.Close()
				_, err = fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path)
			}
			<-dial
			if err == nil {
				times[i], err = endOf(c, func() { once.Do(started.Done) })
			}
			if err != nil {
				errs <- err
			}
		})
	}
	started.Wait()
	fmt.Println("ready")
	ended.Wait()
	for _, t := range times {
		fmt.Println(t)
	}
	select {
	case err := <-errs:
		return err
	default:
		return nil
	}
}

// endOf reads until the run's end and says when that came.
func endOf(r io.Reader, first func()) (int64, error) {
	lines := bufio.NewReaderSize(r, 512)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return 0, err
		}
		switch strings.TrimSpace(line) {
		case "event: step_started":
			first()
		case "event: run_completed":
			return time.Now().UnixMicro(), nil
		}
	}
}

func TestACrowdFollowsOneRun(t *testing.T) {
	const eachProcess = 2500
	needed := uint64(*crowd + 200)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if limit.Max < needed {
		t.Fatalf("%d descriptors are needed, and at most %d possible", needed, limit.Max)
	}
	s := newSite(t)
	id := s.start(`{"orderId":"o1","ask":true}`)
	s.until(id, "waiting")
	before := inUse()
	var processes []*exec.Cmd
	var outputs []*bufio.Scanner
	for left := *crowd; left > 0; left -= eachProcess {
		p := exec.CommandContext(t.Context(), os.Args[0])
		p.Env = append(os.Environ(), fmt.Sprintf("%s=%s /_bext/flows/%s/stream %d", crowdEnv, s.server.Listener.Addr(), id, min(left, eachProcess)))
		p.Stderr = os.Stderr
		out, err := p.StdoutPipe()
		if err == nil {
			err = p.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		processes, outputs = append(processes, p), append(outputs, bufio.NewScanner(out))
	}
	for _, out := range outputs {
		if !out.Scan() || out.Text() != "ready" {
			t.Fatalf("a process of clients says %q, %v", out.Text(), out.Err())
		}
	}
	each := (inUse() - before) / uint64(*crowd)
	s.do("POST", "/flows/"+id+"/signals/approval", `{"by":"ann"}`).is(202)
	ended := *s.until(id, "completed").FinishedAt * 1000
	var took []time.Duration
	for i, out := range outputs {
		for out.Scan() {
			at, err := strconv.ParseInt(out.Text(), 10, 64)
			if err != nil || at == 0 {
				t.Fatalf("a client has no end: %q", out.Text())
			}
			took = append(took, time.Duration(at-ended)*time.Microsecond)
		}
		if err := processes[i].Wait(); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(took)
	if len(took) != *crowd {
		t.Fatalf("%d of %d clients had the end", len(took), *crowd)
	}
	t.Logf("%d clients, each with %d KiB on the server (heap and stacks); the run's end was with half of them after %v, with all after %v",
		*crowd, each/1024, took[len(took)/2], took[len(took)-1])
}

// inUse is what this process has in use.
func inUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}
