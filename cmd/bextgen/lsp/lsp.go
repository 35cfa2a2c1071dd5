// Package lsp is a language server for flow files and types files: the Language Server Protocol over two
// pipes. Messages are read in one goroutine, in which documents change too; folders are checked
// in one of each folder's own, and questions are answered in one of each question's own.
package lsp

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"runtime/debug"
	"sync"
	"time"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
)

// Options say how a server checks.
type Options struct {
	// Load reads and checks the package in a folder, as schema.Look does; files in diagnostics
	// are base names.
	Load func(fsys fs.FS, folder string) (*model.Package, diag.List)
	// Settle is how long a folder has to be quiet before it is checked.
	Settle time.Duration
	// Log gets what goes wrong in the server itself.
	Log io.Writer
}

// ErrNoShutdown says that the client went, or told the server to exit, without a shutdown before.
var ErrNoShutdown = errors.New("the editor ended the server without a shutdown")

// Serve speaks with a client until that ends it or closes in, or the context ends. It closes in, which has to end a
// read of it, and all work has ended when it returns.
func Serve(ctx context.Context, in io.ReadCloser, out io.Writer, opts Options) error {
	s := &server{
		opts: opts, started: make(chan struct{}), stream: &stream{in: bufio.NewReader(in), out: out, close: in.Close, ended: make(chan struct{})},
		documents: map[string]*document{}, folders: map[string]*folder{}, answering: map[jsonrpc2.ID]context.CancelFunc{},
	}
	s.conn = jsonrpc2.NewConn(ctx, s.stream, s, jsonrpc2.SetLogger(log.New(opts.Log, "bextgen lsp: ", 0)))
	close(s.started)
	<-s.stream.ended            // no message is handled any more
	<-s.conn.DisconnectNotify() // and none can be sent
	s.work.Wait()
	if !s.isShutDown() {
		return ErrNoShutdown
	}
	return nil
}

// server is a conversation with a client.
type server struct {
	opts    Options
	stream  *stream
	conn    *jsonrpc2.Conn
	started chan struct{} // closed when conn is set
	work    sync.WaitGroup

	mu          sync.Mutex
	initialized bool
	shutDown    bool
	watches     bool                 // the client can watch files for us
	documents   map[string]*document // those that are open, by path
	folders     map[string]*folder   // by path
	answering   map[jsonrpc2.ID]context.CancelFunc
}

func (s *server) isShutDown() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shutDown
}

// Handle takes a message. It runs in the goroutine that reads, so that documents change in the order in
// which the client says so; what takes longer goes on elsewhere.
func (s *server) Handle(ctx context.Context, _ *jsonrpc2.Conn, req *jsonrpc2.Request) {
	<-s.started
	defer s.recovered(ctx, req)
	if req.Method == "exit" {
		s.stream.over = true
		return
	}
	if req.Notif {
		s.notified(ctx, req)
		return
	}
	if err := s.refused(req.Method); err != nil {
		s.reply(ctx, req.ID, nil, err)
		return
	}
	switch req.Method {
	case "initialize":
		result, err := s.initialize(req)
		s.reply(ctx, req.ID, result, err)
	case "shutdown":
		s.mu.Lock()
		s.shutDown = true
		s.mu.Unlock()
		s.reply(ctx, req.ID, nil, nil)
	default:
		s.answer(ctx, req)
	}
}

// refused is why a request cannot be answered in the state of the conversation.
func (s *server) refused(method string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.shutDown:
		return &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidRequest, Message: "the server was shut down"}
	case s.initialized && method == "initialize":
		return &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidRequest, Message: "the server was initialized already"}
	case !s.initialized && method != "initialize" && method != "shutdown":
		return &jsonrpc2.Error{Code: codeNotInitialized, Message: "the server was not initialized"}
	}
	return nil
}

func (s *server) initialize(req *jsonrpc2.Request) (any, error) {
	var params initializeParams
	if err := read(req, &params); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.initialized = true
	s.watches = params.Capabilities.Workspace.DidChangeWatchedFiles.DynamicRegistration
	return initializeResult{
		Capabilities: capabilities{
			PositionEncoding: "utf-16",
			TextDocumentSync: syncOptions{OpenClose: true, Change: wholeDocument, Save: true},
			HoverProvider:    true, DefinitionProvider: true,
			CompletionProvider: completionOptions{TriggerCharacters: []string{"."}},
			RenameProvider:     renameOptions{PrepareProvider: true},
		},
		ServerInfo: serverInfo{Name: "bextgen"},
	}, nil
}

// answer answers a question in a goroutine of its own, unless the client cancels it.
func (s *server) answer(ctx context.Context, req *jsonrpc2.Request) {
	question, ok := s.questions()[req.Method]
	if !ok {
		s.reply(ctx, req.ID, nil, &jsonrpc2.Error{Code: jsonrpc2.CodeMethodNotFound, Message: fmt.Sprintf("there is no method %q", req.Method)})
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	s.mu.Lock()
	s.answering[req.ID] = cancel
	s.mu.Unlock()
	s.work.Go(func() {
		result, err := s.ask(ctx, req, question)
		s.reply(ctx, req.ID, result, err)
	})
}

// question is what answers a request, from what is known of a folder.
type question func(context.Context, *jsonrpc2.Request) (any, error)

// ask answers a question. When it returns, the request's id may be used for another.
func (s *server) ask(ctx context.Context, req *jsonrpc2.Request, answer question) (result any, err error) {
	defer s.forget(req.ID)
	defer func() {
		if r := recover(); r != nil {
			err = s.fault(req, r)
		}
	}()
	result, err = answer(ctx, req)
	if ctx.Err() != nil {
		err = &jsonrpc2.Error{Code: codeRequestCancelled, Message: "the request was cancelled"}
	}
	return result, err
}

func (s *server) forget(id jsonrpc2.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if cancel, ok := s.answering[id]; ok {
		cancel()
		delete(s.answering, id)
	}
}

// questions are the methods that are answered from what is known of a folder.
func (s *server) questions() map[string]question {
	return map[string]question{
		"textDocument/hover":         s.hover,
		"textDocument/definition":    s.definition,
		"textDocument/completion":    s.completion,
		"textDocument/prepareRename": s.prepareRename,
		"textDocument/rename":        s.rename,
	}
}

// notified takes a message that has no answer. One that is not known, or comes too early, is passed over.
func (s *server) notified(ctx context.Context, req *jsonrpc2.Request) {
	var err error
	switch req.Method {
	case "initialized":
		s.watch(ctx)
	case "textDocument/didOpen":
		err = s.didOpen(ctx, req)
	case "textDocument/didChange":
		err = s.didChange(ctx, req)
	case "textDocument/didClose":
		err = s.didClose(ctx, req)
	case "textDocument/didSave":
		err = s.didSave(ctx, req)
	case "workspace/didChangeWatchedFiles":
		err = s.didChangeWatched(ctx, req)
	case "$/cancelRequest":
		var params struct {
			ID jsonrpc2.ID `json:"id"`
		}
		if err = read(req, &params); err == nil {
			s.forget(params.ID)
		}
	}
	if err != nil {
		s.log("%s: %v", req.Method, err)
	}
}

// watch asks the client to tell of files that change on disk.
func (s *server) watch(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.watches {
		return
	}
	type watcher struct {
		Pattern string `json:"globPattern"`
	}
	params := map[string]any{"registrations": []registration{{
		ID: "files", Method: "workspace/didChangeWatchedFiles",
		Options: map[string]any{"watchers": []watcher{{"**/*.flow.yaml"}, {"**/*.types.yaml"}}},
	}}}
	s.work.Go(func() {
		if err := s.conn.Call(ctx, "client/registerCapability", params, nil); err != nil && ctx.Err() == nil {
			s.log("the client does not watch files: %v", err)
		}
	})
}

func (s *server) reply(ctx context.Context, id jsonrpc2.ID, result any, err error) {
	if err == nil {
		err = s.conn.Reply(ctx, id, result)
	} else {
		var known *jsonrpc2.Error
		if !errors.As(err, &known) {
			known = &jsonrpc2.Error{Code: jsonrpc2.CodeInternalError, Message: err.Error()}
		}
		err = s.conn.ReplyWithError(ctx, id, known)
	}
	if err != nil && !errors.Is(err, jsonrpc2.ErrClosed) {
		s.log("answering: %v", err)
	}
}

// recovered keeps a mistake in the server from ending it.
func (s *server) recovered(ctx context.Context, req *jsonrpc2.Request) {
	r := recover()
	if r == nil {
		return
	}
	if err := s.fault(req, r); !req.Notif {
		s.reply(ctx, req.ID, nil, err)
	}
}

// fault logs a mistake in the server, and is the error to answer.
func (s *server) fault(req *jsonrpc2.Request, recovered any) error {
	s.log("internal error in %s: %v\n%s", req.Method, recovered, debug.Stack())
	return fmt.Errorf("internal error: %v", recovered)
}

// log tells what went wrong in the server itself.
func (s *server) log(format string, args ...any) {
	fmt.Fprintf(s.opts.Log, "bextgen lsp: "+format+"\n", args...)
}

// read reads the parameters of a message.
func read(req *jsonrpc2.Request, params any) error {
	if req.Params == nil {
		return &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidParams, Message: "there are no parameters"}
	}
	if err := json.Unmarshal(*req.Params, params); err != nil {
		return &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidParams, Message: err.Error()}
	}
	return nil
}
