// bextgen studio.

package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/bextgen/bextgen/runtime/web"
)

func newStudioCommand() *cobra.Command {
	var place placeFlags
	var addr string
	var operate bool
	cmd := &cobra.Command{
		Use:   "studio (--db file | --url address)",
		Short: "Shows the dashboard of a database file or of a running server",
		Long: `Studio serves the dashboard on this machine, for this machine alone, until it is stopped with Ctrl-C.

With --db it shows a database file, also while a program uses it. Nothing can be changed, unless --operate is given: then
what is done is stored, and the program that executes the runs obeys it.

With --url it shows a running server, as the owner of the token. What can be done is for the server to decide.`,
		Args: takes(0),
		RunE: command(func(cmd *cobra.Command, _ []string) error {
			if err := place.check(cmd); err != nil {
				return err
			}
			handler, prefix, closer, err := place.dashboard(operate)
			if err != nil {
				return err
			}
			return errors.Join(serveStudio(cmd, addr, prefix, handler), closer.Close())
		}),
	}
	place.add(cmd)
	cmd.Flags().StringVar(&addr, "addr", "127.0.0.1:7788", "`address` of this machine to listen on")
	cmd.Flags().BoolVar(&operate, "operate", false, "with --db: let the dashboard change runs")
	return cmd
}

// serveStudio serves until the command is interrupted.
func serveStudio(cmd *cobra.Command, addr, prefix string, handler http.Handler) error {
	ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return usagef("--addr %q is no address such as 127.0.0.1:7788", addr)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return usagef("--addr %q is not one of this machine alone; others reach runs through the program's own web.Handler", addr)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return &problem{fmt.Sprintf("listen on %s: %v; --addr takes another address", addr, err)}
	}
	mux := http.NewServeMux()
	mux.Handle(prefix+"/", handler)
	mux.Handle("GET /{$}", http.RedirectHandler(prefix+"/admin/flows", http.StatusFound))
	studio := serve(listener, mux)
	fmt.Fprintf(cmd.OutOrStdout(), "The dashboard is at http://%s%s/admin/flows\n", listener.Addr(), prefix)
	select {
	case <-ctx.Done():
	case err := <-studio.ended:
		studio.ended <- err // Close says it
	}
	return studio.Close()
}

// dashboard is the handler of a place's pages, and the prefix of their paths.
func (p *placeFlags) dashboard(operate bool) (handler http.Handler, prefix string, closer io.Closer, err error) {
	if p.url == "" {
		file, err := openFile(p.db, operate, web.LoopbackOnly())
		if err != nil {
			return nil, "", nil, err
		}
		return file.handler, defaultPrefix, file, nil
	}
	if operate {
		return nil, "", nil, usagef("--operate is for --db; what may be done on a server is for its token to say")
	}
	base, prefix, err := p.server()
	if err != nil {
		return nil, "", nil, err
	}
	return localOnly(proxy(base, p.token)), prefix, closers(nil), nil
}

// proxy hands requests on to a server, with the token.
func proxy(base *url.URL, token string) http.Handler {
	return &httputil.ReverseProxy{
		FlushInterval: -1, // streams
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(base)
			// The server is to see a client that is no browser: localOnly has looked at where
			// the request comes from.
			for _, name := range []string{"Origin", "Referer", "Cookie", "Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest", "Sec-Fetch-User"} {
				r.Out.Header.Del(name)
			}
			if token != "" {
				r.Out.Header.Set("Authorization", "Bearer "+token)
			}
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, fmt.Sprintf("bextgen studio: %s does not answer: %v", base, err), http.StatusBadGateway)
		},
	}
}

// localOnly refuses requests that a page of another site could have sent: the token is
// this user's.
func localOnly(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			http.Error(w, "bextgen studio answers on this machine alone", http.StatusForbidden)
			return
		}
		protection.Handler(next).ServeHTTP(w, r)
	})
}
