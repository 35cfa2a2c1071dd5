package lsp_test

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/bextgen/bextgen/cmd/bextgen/lsp"
	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
)

func TestConversation(t *testing.T) {
	c := dial(t, look)
	var result struct {
		Capabilities struct {
			PositionEncoding string
			TextDocumentSync struct{ OpenClose bool }
		}
	}
	if m := c.response(c.request("textDocument/hover", map[string]any{})); m.Error == nil || m.Error.Code != -32002 {
		t.Errorf("before initialize: %+v", m.Error)
	}
	c.ask("initialize", map[string]any{"capabilities": map[string]any{"workspace": map[string]any{
		"didChangeWatchedFiles": map[string]any{"dynamicRegistration": true},
	}}}, &result)
	if !result.Capabilities.TextDocumentSync.OpenClose || result.Capabilities.PositionEncoding != "utf-16" {
		t.Errorf("capabilities: %+v", result.Capabilities)
	}
	c.notify("initialized", map[string]any{})
	m := c.await("a registration", func(m message) bool { return m.Method == "client/registerCapability" })
	if !strings.Contains(string(m.Params), `"workspace/didChangeWatchedFiles"`) {
		t.Errorf("registers %s", m.Params)
	}
	c.send(map[string]any{"id": *m.ID, "result": nil})
	if m := c.response(c.request("initialize", map[string]any{})); m.Error == nil {
		t.Error("a second initialize is no error")
	}
	c.ask("shutdown", nil, nil)
	if m := c.response(c.request("shutdown", nil)); m.Error == nil || m.Error.Code != -32600 {
		t.Errorf("after shutdown: %+v", m.Error)
	}
	c.send(map[string]any{"method": "exit"})
	if err := c.ended(); err != nil {
		t.Error(err)
	}
}

func TestEndsWithoutShutdown(t *testing.T) {
	ends := map[string]func(c *client){
		"exit":                    func(c *client) { c.send(map[string]any{"method": "exit"}) },
		"closed":                  func(c *client) { c.in.Close() },
		"closed in a header":      func(c *client) { c.raw("Content-Le"); c.in.Close() },
		"closed in a message":     func(c *client) { c.raw("Content-Length: 100\r\n\r\n{"); c.in.Close() },
		"closed after a question": func(c *client) { c.request("textDocument/hover", map[string]any{}); c.in.Close() },
		"closed after a change":   func(c *client) { c.open("a.flow.yaml", "flow: a\n"); c.in.Close() },
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			c := start(t)
			end(c)
			if err := c.ended(); !errors.Is(err, lsp.ErrNoShutdown) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestHostile says what no editor should, and holds that the server goes on.
func TestHostile(t *testing.T) {
	uri := `"uri":"file:///nowhere/a.flow.yaml"`
	messages := map[string]string{
		"broken JSON":         frame(`{"jsonrpc": "2.0", "id": 1, `),
		"no message":          frame(`{"jsonrpc":"2.0"}`),
		"a number":            frame(`7`),
		"null":                frame(`null`),
		"a batch":             frame(`[{"jsonrpc":"2.0","id":1,"method":"x"}]`),
		"nothing":             frame(``),
		"invalid UTF-8":       frame("{\"jsonrpc\":\"2.0\",\"method\":\"\xff\"}"),
		"a negative id":       frame(`{"jsonrpc":"2.0","id":-1,"method":"x"}`),
		"an id of two":        frame(`{"jsonrpc":"2.0","id":[1],"method":"x","params":{}}`),
		"a late response":     frame(`{"jsonrpc":"2.0","id":99,"result":null}`),
		"a response of null":  frame(`{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"no"}}`),
		"no header":           "hello\r\n\r\n",
		"a long line":         strings.Repeat("x", 100_000) + "\n",
		"a bad length":        "Content-Length: many\r\n\r\n",
		"a negative length":   "Content-Length: -5\r\n\r\n",
		"a huge length":       "Content-Length: 99999999999999999999\r\n\r\n",
		"a large message":     frame(strings.Repeat(" ", 17<<20)),
		"another header":      strings.Replace(frame(`{"jsonrpc":"2.0","method":"x"}`), "\r\n\r\n", "\r\nContent-Type: text\r\n\r\n", 1),
		"unknown method":      frame(`{"jsonrpc":"2.0","method":"$/nobody"}`),
		"no params":           frame(`{"jsonrpc":"2.0","method":"textDocument/didOpen"}`),
		"params of a kind":    frame(`{"jsonrpc":"2.0","method":"textDocument/didOpen","params":[1]}`),
		"no URI":              frame(`{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":{"uri":"%zz"}}}`),
		"no file":             frame(`{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":{"uri":"untitled:a.flow.yaml"}}}`),
		"another file":        frame(`{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":{"uri":"file:///a.go","text":"package a"}}}`),
		"a folder not there":  frame(`{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":{` + uri + `,"text":"flow: a"}}}`),
		"change, not open":    frame(`{"jsonrpc":"2.0","method":"textDocument/didChange","params":{"textDocument":{` + uri + `},"contentChanges":[{"text":"a"}]}}`),
		"close, not open":     frame(`{"jsonrpc":"2.0","method":"textDocument/didClose","params":{"textDocument":{` + uri + `}}}`),
		"cancel of nothing":   frame(`{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":4711}}`),
		"watched, not known":  frame(`{"jsonrpc":"2.0","method":"workspace/didChangeWatchedFiles","params":{"changes":[{` + uri + `,"type":2}]}}`),
		"change of a part":    frame(`{"jsonrpc":"2.0","method":"textDocument/didChange","params":{"textDocument":{` + uri + `},"contentChanges":[{"range":{},"text":"a"}]}}`),
		"a name that is long": frame(`{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":{"uri":"file:///` + strings.Repeat("a", 5000) + `.flow.yaml"}}}`),
	}
	for name, text := range messages {
		t.Run(name, func(t *testing.T) {
			c := start(t)
			c.raw(text)
			if m := c.response(c.request("no/such", nil)); m.Error == nil || m.Error.Code != -32601 {
				t.Errorf("unknown method: %+v", m.Error)
			}
			c.open("a.flow.yaml", "flow: a\nversion: \"1.0\"\nsteps: [{step: b}]\n")
			if got := c.diagnostics("a.flow.yaml"); got != "" {
				t.Errorf("got\n%s", got)
			}
			if err := c.shutdown(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestSlowCheck holds that a check that takes long blocks nothing, and that what it finds is not
// published if the folder has changed meanwhile.
func TestSlowCheck(t *testing.T) {
	began, goOn := make(chan string), make(chan bool)
	c := dial(t, func(fsys fs.FS, folder string) (*model.Package, diag.List) {
		content, _ := fs.ReadFile(fsys, "a.flow.yaml")
		began <- string(content)
		<-goOn
		return nil, diag.List{{File: "a.flow.yaml", Line: 1, Column: 1, Code: "BX001", Message: string(content)}}
	})
	c.initialize()
	c.open("a.flow.yaml", "one")
	if got := <-began; got != "one" {
		t.Errorf("checks %q", got)
	}
	c.change("a.flow.yaml", 2, "two")
	if m := c.response(c.request("no/such", nil)); m.Error == nil {
		t.Error("an unknown method is no error")
	}
	goOn <- true
	if got := <-began; got != "two" {
		t.Errorf("checks %q", got)
	}
	goOn <- true
	if got := c.diagnostics("a.flow.yaml"); got != "0:0-3 BX001 two\n" {
		t.Errorf("got %q", got)
	}
}

// TestFaultInCheck holds that a mistake of ours is told and ends nothing.
func TestFaultInCheck(t *testing.T) {
	c := dial(t, func(fsys fs.FS, folder string) (*model.Package, diag.List) {
		if content, _ := fs.ReadFile(fsys, "a.flow.yaml"); string(content) == "bad" {
			panic("on the floor")
		}
		return look(fsys, folder)
	})
	c.initialize()
	c.open("a.flow.yaml", "bad")
	if got := c.diagnostics("a.flow.yaml"); !strings.Contains(got, "on the floor") {
		t.Errorf("got %q", got)
	}
	if !strings.Contains(c.log.String(), "lsp_test.go") {
		t.Errorf("the log has no stack: %s", c.log)
	}
	c.change("a.flow.yaml", 2, fmt.Sprintf(small, "b", ""))
	if got := c.diagnostics("a.flow.yaml"); got != "" {
		t.Errorf("got %q", got)
	}
}

// TestCancel holds that a question whose answer takes long can be taken back.
func TestCancel(t *testing.T) {
	began, goOn := make(chan bool), make(chan bool)
	c := dial(t, func(fsys fs.FS, folder string) (*model.Package, diag.List) {
		began <- true
		<-goOn
		return look(fsys, folder)
	})
	c.initialize()
	_, params := c.openAt("shop.flow.yaml", shopAt(t, "step: not‸ify"))
	<-began
	id := c.request("textDocument/hover", params)
	c.notify("$/cancelRequest", map[string]any{"id": id})
	if m := c.response(id); m.Error == nil || m.Error.Code != -32800 {
		t.Errorf("got %s, %+v", m.Result, m.Error)
	}
	goOn <- true
}

// TestIDUsedAgain holds that the id of a request that was answered is free.
func TestIDUsedAgain(t *testing.T) {
	c := start(t)
	_, params := c.openAt("shop.flow.yaml", shopAt(t, "step: not‸ify"))
	for range 300 {
		c.lastID = 10
		c.ask("textDocument/hover", params, nil)
	}
}

// TestFaultInAnswer holds that a mistake of ours in an answer is one for the client too, and ends nothing.
func TestFaultInAnswer(t *testing.T) {
	c := dial(t, func(fs.FS, string) (*model.Package, diag.List) {
		return &model.Package{Flows: []*model.Flow{nil}}, nil
	})
	c.initialize()
	_, params := c.openAt("shop.flow.yaml", shopAt(t, "step: not‸ify"))
	for range 2 {
		if m := c.response(c.request("textDocument/hover", params)); m.Error == nil || m.Error.Code != -32603 {
			t.Errorf("got %s, %+v", m.Result, m.Error)
		}
	}
}
