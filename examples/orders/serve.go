// The shop as a server: it takes orders, shows each one, and has the dashboard of its runs.

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/web"
)

// serve opens the shop and answers requests until the context ends.
func serve(ctx context.Context, cfg config, out io.Writer) (err error) {
	o, err := open(ctx, cfg, out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, o.close()) }()
	handler, err := o.handler()
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", cfg.addr)
	if err != nil {
		return fmt.Errorf("open the shop at %s: %w; -addr takes another address", cfg.addr, err)
	}
	at := "http://" + listener.Addr().String()
	fmt.Fprintf(out, "The shop is open at %s, and its dashboard at %s/_bext/admin/flows\n", at, at)
	return serveOn(ctx, listener, handler, cfg.closeGrace)
}

// serveOn answers requests until the context ends, and lets those under way finish.
func serveOn(ctx context.Context, listener net.Listener, handler http.Handler, grace time.Duration) error {
	requests, cut := context.WithCancel(context.WithoutCancel(ctx)) // streams end with it
	defer cut()
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		BaseContext:       func(net.Listener) context.Context { return requests },
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	cut()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	err := server.Shutdown(last)
	if end := <-ended; !errors.Is(end, http.ErrServerClosed) {
		err = errors.Join(err, end)
	}
	return err
}

// handler is all that the shop answers. The dashboard is for this machine alone; a real
// shop would ask who comes, with web.WithAuth.
func (o *openedShop) handler() (http.Handler, error) {
	bext, err := web.Handler(o.rt, web.LoopbackOnly())
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/_bext/", bext)
	mux.HandleFunc("GET /{$}", o.front)
	mux.HandleFunc("POST /orders", o.take)
	mux.HandleFunc("GET /orders/{id}", o.page)
	mux.Handle("GET /assets/", http.FileServerFS(assetFiles))
	inContext := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mux.ServeHTTP(w, r.WithContext(runtime.NewContext(r.Context(), o.rt)))
	})
	return http.NewCrossOriginProtection().Handler(inContext), nil
}
