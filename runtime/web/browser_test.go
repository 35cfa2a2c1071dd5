package web_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// This file is a browser for tests: Chromium, driven over its own protocol. It waits for
// conditions and never for a time.

var screens = flag.String("screens", "", "a `folder` into which screenshots are written, for a person to look at")

// patience is how long a condition may take on a machine with much else to do.
const patience = 2 * time.Minute

// browserPath finds Chromium; the test is skipped where there is none.
func browserPath(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("there is no Chromium; .ci/setup installs it on Debian")
	return ""
}

// newBrowser starts a browser; it ends with the test.
func newBrowser(t *testing.T) context.Context {
	t.Helper()
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(browserPath(t)), chromedp.UserDataDir(t.TempDir()), chromedp.Flag("no-sandbox", true), chromedp.Flag("disable-gpu", true),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.WSURLReadTimeout(patience),
	)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(stop)
	ctx, end := chromedp.NewContext(allocator)
	t.Cleanup(end)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start the browser: %v", err)
	}
	return ctx
}

// tab is a page in a browser that watches what goes wrong in it.
type tab struct {
	*testing.T
	base string // of the site
	// within is the tab's context, for so long.
	within func(time.Duration) (context.Context, context.CancelFunc)

	mu      sync.Mutex
	wrong   []string
	refused string // a part of an address whose refusals are not wrong
}

// newTab opens an empty page for a site. What goes wrong in it, until the test ends, fails the
// test: what is written to the console as an error, what the Content-Security-Policy stops,
// and each request to another host.
func newTab(t *testing.T, browser context.Context, s *site) *tab {
	t.Helper()
	ctx, stop := chromedp.NewContext(browser)
	p := &tab{T: t, base: s.server.URL + "/_bext", within: func(d time.Duration) (context.Context, context.CancelFunc) {
		return context.WithTimeout(ctx, d)
	}}
	if err := chromedp.Listen(ctx, p.watch); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	command(p, log.Enable, cdp.Empty{})
	command(p, audits.Enable, cdp.Empty{})
	command(p, network.Enable, network.EnableParams{})
	p.size(1440, 1000)
	t.Cleanup(func() {
		stop()
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, w := range p.wrong {
			t.Error(w)
		}
	})
	return p
}

func (p *tab) watch(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		p.note("an exception: %v", e.ExceptionDetails)
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			p.note("on the console: %v", e.Args)
		}
	case *log.EventEntryAdded:
		p.mu.Lock()
		meant := p.refused != "" && strings.Contains(e.Entry.URL, p.refused)
		p.mu.Unlock()
		if e.Entry.Level == log.EntryLevelError && !meant {
			p.note("in the log: %s %s", e.Entry.Text, e.Entry.URL)
		}
	case *audits.EventIssueAdded:
		if e.Issue.Code == audits.InspectorIssueCodeContentSecurityPolicyIssue {
			p.note("the policy stops %+v", e.Issue.Details.ContentSecurityPolicyIssueDetails)
		}
	case *network.EventRequestWillBeSent:
		host := strings.TrimSuffix(p.base, "/_bext")
		if !strings.HasPrefix(e.Request.URL, host+"/") && !strings.HasPrefix(e.Request.URL, "data:") && e.Request.URL != "about:blank" {
			p.note("a request to another host: %s", e.Request.URL)
		}
	}
}

// refuses says that the server is going to refuse requests to such an address, which
// browsers write to their log.
func (p *tab) refuses(address string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refused = address
}

func (p *tab) note(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wrong = append(p.wrong, fmt.Sprintf(format, args...))
}

func (p *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	p.Helper()
	ctx, stop := p.within(patience)
	defer stop()
	if err := chromedp.Do(ctx, actions...); err != nil {
		p.Fatalf("in the browser: %v; the page says\n%.3000s", err, p.text())
	}
}

// command sends a command of the browser's protocol.
func command[P, R any](p *tab, c cdp.Command[P, R], params P) (result R) {
	p.Helper()
	p.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) (err error) {
		result, err = cdp.Call(ctx, t, c, params)
		return err
	}))
	return result
}

// text is what the page says, as far as there is one.
func (p *tab) text() string {
	ctx, stop := p.within(10 * time.Second)
	defer stop()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`location.href + "\n" + document.body?.innerText`))
	if err != nil {
		return err.Error()
	}
	return text
}

// open goes to a page of the site.
func (p *tab) open(path string) {
	p.Helper()
	p.do(chromedp.Navigate(p.base + path))
	p.until(`document.readyState === "complete"`)
}

// size makes the window so large; a narrow one is a phone's.
func (p *tab) size(width, height int64) {
	p.Helper()
	command(p, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: width, Height: height, DeviceScaleFactor: 1, Mobile: width < 600,
	})
}

// until waits until an expression of JavaScript is true, on whatever page the tab is then.
func (p *tab) until(expression string) {
	p.Helper()
	ctx, stop := p.within(patience)
	defer stop()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		// Between two pages there is nothing to ask, which is an error like others.
		holds, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`Boolean(`+expression+`)`))
		if err == nil && holds {
			return
		}
		select {
		case <-ctx.Done():
			p.Fatalf("this never came to be: %s (%v); the page says\n%.3000s", expression, err, p.text())
		case <-again.C:
		}
	}
}

// says waits until the main part of the page says all of these.
func (p *tab) says(texts ...string) {
	p.Helper()
	for _, text := range texts {
		p.until(`document.querySelector("main")?.innerText.replace(/\s+/g, " ").includes(` + quote(text) + `)`)
	}
}

// eval is the value of an expression, as text.
func (p *tab) eval(expression string) (value string) {
	p.Helper()
	p.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) (err error) {
		value, err = chromedp.Evaluate[string](`String(`+expression+`)`)(ctx, t)
		return err
	}))
	return value
}

// click clicks on what a selector finds, when it can be seen.
func (p *tab) click(selector string) {
	p.Helper()
	p.do(chromedp.Click(chromedp.CSS(selector)))
}

// write types into what a selector finds.
func (p *tab) write(selector, text string) {
	p.Helper()
	p.do(chromedp.SendKeys(chromedp.CSS(selector), text))
}

// press presses keys, one after the other.
func (p *tab) press(keys ...string) {
	p.Helper()
	for _, key := range keys {
		if key < " " || key > "~" {
			p.do(chromedp.KeyEvent(key))
			continue
		}
		// As a keyboard does it: a page that takes the key for itself keeps it from being typed.
		command(p, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Key: key, Text: key})
		command(p, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyUp, Key: key})
	}
}

// scheme is the colour scheme that the viewer prefers: light or dark.
func (p *tab) scheme(name string) {
	p.Helper()
	command(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}},
	})
}

// screen writes what is seen into the folder of screenshots, if there is one.
func (p *tab) screen(name string) {
	p.Helper()
	if *screens == "" {
		return
	}
	png := command(p, page.CaptureScreenshot, page.CaptureScreenshotParams{}).Data
	if err := os.MkdirAll(*screens, 0o755); err != nil {
		p.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*screens, name+".png"), png, 0o644); err != nil {
		p.Fatal(err)
	}
}

// address is the path and query of the page.
func (p *tab) address() *url.URL {
	p.Helper()
	u, err := url.Parse(p.eval("location.href"))
	if err != nil {
		p.Fatal(err)
	}
	return u
}

// quote is a text as JavaScript.
func quote(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(text)
}
