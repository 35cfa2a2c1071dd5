package lsp_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/textproto"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bextgen/bextgen/cmd/bextgen/lsp"
	"github.com/bextgen/bextgen/schema"
	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what has to come.
const patience = 20 * time.Second

// client is an editor: it speaks the protocol with a server, over pipes.
type client struct {
	t        *testing.T
	folder   string
	in       *io.PipeWriter
	messages chan message
	backlog  []message // that were read while another was waited for
	end      chan error
	log      *buffer
	lastID   int
}

// message is what a server says.
type message struct {
	ID     *float64        `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

// look is the check that servers do outside of tests.
func look(fsys fs.FS, folder string) (*model.Package, diag.List) {
	return schema.Look(fsys, schema.Options{Package: "flows", Out: folder})
}

// dial starts a server for a folder with files, by name and text in turns.
func dial(t *testing.T, load func(fs.FS, string) (*model.Package, diag.List), files ...string) *client {
	t.Helper()
	c := &client{t: t, folder: t.TempDir(), messages: make(chan message, 100), end: make(chan error, 1), log: new(buffer)}
	for i := 0; i < len(files); i += 2 {
		if err := os.WriteFile(filepath.Join(c.folder, files[i]), []byte(files[i+1]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	in, toServer := io.Pipe()
	fromServer, out := io.Pipe()
	c.in = toServer
	go func() {
		c.end <- lsp.Serve(context.Background(), in, out, lsp.Options{Load: load, Log: c.log})
		close(c.end)
		out.Close()
	}()
	go c.receive(bufio.NewReader(fromServer))
	t.Cleanup(func() {
		c.in.Close()
		for range c.messages { // until the server has ended
		}
	})
	return c
}

// start is dial and initialize.
func start(t *testing.T, files ...string) *client {
	t.Helper()
	c := dial(t, look, files...)
	c.initialize()
	return c
}

func (c *client) initialize() {
	c.t.Helper()
	c.ask("initialize", map[string]any{"processId": nil, "rootUri": nil, "capabilities": map[string]any{}}, nil)
	c.notify("initialized", map[string]any{})
}

// receive reads what the server says, until it ends.
func (c *client) receive(from *bufio.Reader) {
	defer close(c.messages)
	for {
		header, err := textproto.NewReader(from).ReadMIMEHeader()
		if err != nil {
			return
		}
		length, err := strconv.Atoi(header.Get("Content-Length"))
		body := make([]byte, length)
		if err == nil {
			_, err = io.ReadFull(from, body)
		}
		var m message
		if err == nil {
			err = json.Unmarshal(body, &m)
		}
		if err != nil {
			c.t.Errorf("the server said %q: %v", body, err)
			return
		}
		c.messages <- m
	}
}

// raw says anything.
func (c *client) raw(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c.in, text); err != nil {
		c.t.Fatal(err)
	}
}

// frame is a message as it is said.
func frame(body string) string { return fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body) }

func (c *client) send(m map[string]any) {
	c.t.Helper()
	m["jsonrpc"] = "2.0"
	body, err := json.Marshal(m)
	if err != nil {
		c.t.Fatal(err)
	}
	c.raw(frame(string(body)))
}

func (c *client) notify(method string, params any) {
	c.t.Helper()
	c.send(map[string]any{"method": method, "params": params})
}

// request asks something, and says under which id.
func (c *client) request(method string, params any) int {
	c.t.Helper()
	c.lastID++
	c.send(map[string]any{"id": c.lastID, "method": method, "params": params})
	return c.lastID
}

// response is the answer to a request.
func (c *client) response(id int) message {
	c.t.Helper()
	return c.await(fmt.Sprintf("the response %d", id), func(m message) bool { return m.Method == "" && m.ID != nil && *m.ID == float64(id) })
}

// ask asks something and reads the result, which must not be an error.
func (c *client) ask(method string, params, result any) {
	c.t.Helper()
	m := c.response(c.request(method, params))
	if m.Error != nil {
		c.t.Fatalf("%s: %s", method, m.Error.Message)
	}
	if result == nil {
		return
	}
	if err := json.Unmarshal(m.Result, result); err != nil {
		c.t.Fatalf("%s: %v in %s", method, err, m.Result)
	}
}

// await is the first message that is wanted; the others are kept.
func (c *client) await(what string, wanted func(message) bool) message {
	c.t.Helper()
	for i, m := range c.backlog {
		if wanted(m) {
			c.backlog = append(c.backlog[:i:i], c.backlog[i+1:]...)
			return m
		}
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		select {
		case m, ok := <-c.messages:
			if !ok {
				c.t.Fatalf("the server ended; waited for %s\n%s", what, c.log)
			}
			if wanted(m) {
				return m
			}
			c.backlog = append(c.backlog, m)
		case <-late.C:
			c.t.Fatalf("%s did not come\n%s", what, c.log)
		}
	}
}

func (c *client) uri(name string) string { return "file://" + filepath.Join(c.folder, name) }

func (c *client) open(name, text string) {
	c.t.Helper()
	c.notify("textDocument/didOpen", map[string]any{"textDocument": map[string]any{
		"uri": c.uri(name), "languageId": "yaml", "version": 1, "text": text,
	}})
}

func (c *client) change(name string, version int, text string) {
	c.t.Helper()
	c.notify("textDocument/didChange", map[string]any{
		"textDocument":   map[string]any{"uri": c.uri(name), "version": version},
		"contentChanges": []any{map[string]any{"text": text}},
	})
}

func (c *client) close(name string) {
	c.t.Helper()
	c.notify("textDocument/didClose", map[string]any{"textDocument": map[string]any{"uri": c.uri(name)}})
}

// diagnostics are the next that the server publishes of a file, each as `line:from-to CODE message`
// with places from 0, and, indented, its related places.
func (c *client) diagnostics(name string) string {
	c.t.Helper()
	var p struct {
		URI         string
		Diagnostics []struct {
			Range              place
			Code, Message      string
			RelatedInformation []struct {
				Location struct {
					URI   string
					Range place
				}
				Message string
			}
		}
	}
	c.await("diagnostics of "+name, func(m message) bool {
		if m.Method != "textDocument/publishDiagnostics" {
			return false
		}
		p.Diagnostics = nil
		if err := json.Unmarshal(m.Params, &p); err != nil {
			c.t.Fatal(err)
		}
		return p.URI == c.uri(name)
	})
	var b strings.Builder
	for _, d := range p.Diagnostics {
		fmt.Fprintf(&b, "%s %s %s\n", d.Range, d.Code, d.Message)
		for _, r := range d.RelatedInformation {
			fmt.Fprintf(&b, "\t%s:%s %s\n", strings.TrimPrefix(r.Location.URI, c.uri("")+"/"), r.Location.Range, r.Message)
		}
	}
	return b.String()
}

// place is a range in one line.
type place struct {
	Start, End struct{ Line, Character int }
}

func (p place) String() string {
	return fmt.Sprintf("%d:%d-%d", p.Start.Line, p.Start.Character, p.End.Character)
}

// shutdown ends the conversation as an editor does.
func (c *client) shutdown() error {
	c.t.Helper()
	c.ask("shutdown", nil, nil)
	c.send(map[string]any{"method": "exit"})
	return c.ended()
}

// ended is what the server returned.
func (c *client) ended() error {
	c.t.Helper()
	select {
	case err := <-c.end:
		return err
	case <-time.After(patience):
		c.t.Fatal("the server does not end")
		return nil
	}
}

// buffer is a log that may be read while it is written.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
