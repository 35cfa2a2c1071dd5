// Where runs are: in a database file, or behind a running server. `bextgen runs` and
// `bextgen studio` reach both by HTTP, so that they see the same.

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/store/sqlite"
	"github.com/bextgen/bextgen/runtime/web"
)

// defaultPrefix is where servers have their HTTP surface, if they do not say otherwise.
const defaultPrefix = "/_bext"

// placeFlags are the flags that say where runs are.
type placeFlags struct{ db, url, token string }

func (p *placeFlags) add(cmd *cobra.Command) {
	flags := cmd.PersistentFlags()
	flags.StringVar(&p.db, "db", os.Getenv("BEXTGEN_DB"), "database `file` of the runs (BEXTGEN_DB)")
	flags.StringVar(&p.url, "url", os.Getenv("BEXTGEN_URL"), "`address` of a running server, such as https://shop.example.com (BEXTGEN_URL)")
	// Not from the environment as a default: help would print it.
	flags.StringVar(&p.token, "token", "", "bearer `token` for the server (BEXTGEN_TOKEN)")
}

// check says what is wrong with the flags. One that is given wins over the environment.
func (p *placeFlags) check(cmd *cobra.Command) error {
	if cmd.Flags().Changed("db") && !cmd.Flags().Changed("url") {
		p.url = ""
	}
	if cmd.Flags().Changed("url") && !cmd.Flags().Changed("db") {
		p.db = ""
	}
	p.token = cmp.Or(p.token, os.Getenv("BEXTGEN_TOKEN"))
	switch {
	case p.db == "" && p.url == "":
		return usagef("say where the runs are: --db FILE, or --url ADDRESS of a running server")
	case p.db != "" && p.url != "":
		return usagef("the runs are in a file (--db) or behind a server (--url), not both")
	}
	return nil
}

// server is the address that --url names, and the prefix of its HTTP surface.
func (p *placeFlags) server() (base *url.URL, prefix string, err error) {
	base, err = url.Parse(p.url)
	if err != nil || base.Host == "" || (base.Scheme != "http" && base.Scheme != "https") {
		return nil, "", usagef("--url %q is no address such as https://shop.example.com", p.url)
	}
	prefix = cmp.Or(strings.TrimSuffix(base.Path, "/"), defaultPrefix)
	return &url.URL{Scheme: base.Scheme, Host: base.Host, User: base.User}, prefix, nil
}

// openedFile is a database file with the HTTP surface of its runs. No run is executed by it.
type openedFile struct {
	handler http.Handler
	rt      *runtime.Runtime
	store   *sqlite.Store
}

// openFile opens a database; to write, it has to be there already too.
func openFile(path string, operate bool, opts ...web.Option) (*openedFile, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, &problem{fmt.Sprintf("open the database: %v", err)}
	}
	open := sqlite.OpenReadOnly
	if operate {
		open = func(path string) (*sqlite.Store, error) { return sqlite.Open(path) }
	} else {
		opts = append(opts, web.WithReadOnly())
	}
	store, err := open(path)
	if err != nil {
		return nil, &problem{err.Error()}
	}
	quiet := slog.New(slog.DiscardHandler)
	rt, err := runtime.New(store, runtime.WithLogger(quiet))
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	opts = append(opts, web.WithLogger(quiet), web.WithMetrics(prometheus.NewRegistry()))
	handler, err := web.Handler(rt, opts...)
	if err != nil {
		return nil, errors.Join(err, rt.Close(context.Background()), store.Close())
	}
	return &openedFile{handler: handler, rt: rt, store: store}, nil
}

func (f *openedFile) Close() error {
	return errors.Join(f.rt.Close(context.Background()), f.store.Close())
}

// serving is an HTTP server of this process.
type serving struct {
	server *http.Server
	cut    context.CancelFunc // ends the requests under way: streams have no end of their own
	ended  chan error
}

// serve answers requests on a listener until it is closed.
func serve(listener net.Listener, handler http.Handler) *serving {
	requests, cut := context.WithCancel(context.Background())
	s := &serving{
		cut: cut, ended: make(chan error, 1),
		server: &http.Server{
			Handler: handler, ReadHeaderTimeout: 10 * time.Second,
			BaseContext: func(net.Listener) context.Context { return requests },
			ErrorLog:    slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
		},
	}
	go func() { s.ended <- s.server.Serve(listener) }()
	return s
}

func (s *serving) Close() error {
	s.cut()
	err := s.server.Close()
	if end := <-s.ended; !errors.Is(end, http.ErrServerClosed) {
		err = errors.Join(err, end)
	}
	return err
}

// closers closes several things, the last first.
type closers []io.Closer

func (all closers) Close() error {
	var errs []error
	for i := len(all) - 1; i >= 0; i-- {
		errs = append(errs, all[i].Close())
	}
	return errors.Join(errs...)
}

// folder is a temporary one, gone when it is closed.
type folder string

func (f folder) Close() error { return os.RemoveAll(string(f)) }

// open makes a client for the place. A file is served on a socket that only this
// user can reach.
func (p *placeFlags) open(operate bool) (*client, error) {
	if p.url != "" {
		base, prefix, err := p.server()
		if err != nil {
			return nil, err
		}
		return &client{base: base.String() + prefix, token: p.token, http: http.DefaultClient, Closer: closers(nil)}, nil
	}
	file, err := openFile(p.db, operate, web.WithAuth(func(*http.Request) (web.Principal, error) {
		return web.Operator(user()), nil
	}))
	if err != nil {
		return nil, err
	}
	opened := closers{file}
	dir, err := os.MkdirTemp("", "bextgen-") // only this user may look into it
	if err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	opened = append(opened, folder(dir))
	socket := filepath.Join(dir, "s")
	listener, err := new(net.ListenConfig).Listen(context.Background(), "unix", socket)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open a socket: %w", err), opened.Close())
	}
	opened = append(opened, serve(listener, file.handler))
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}
	transport := &http.Transport{DialContext: dial}
	return &client{base: "http://file" + defaultPrefix, http: &http.Client{Transport: transport}, Closer: opened}, nil
}

// user is who acts, as it is stored with an act.
func user() string { return cmp.Or(os.Getenv("USER"), os.Getenv("USERNAME"), "bextgen") }
