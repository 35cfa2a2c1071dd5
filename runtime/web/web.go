// Package web serves a runtime over HTTP: the runs as JSON and as pages, the acts on them,
// and their events as they happen. docs/http.md lists the routes.
//
//	handler, err := web.Handler(rt, web.WithBearer(web.Bearer{Token: token, Principal: web.Operator("ops")}))
//	mux.Handle("/_bext/", handler)
//
// Every request passes the same stations, in this order (serve.go): headers that hold for
// all answers, who it is (auth.go), what they may do (principal.go), that no other site sends it, how large
// its body may be. Then a route answers it (routes.go).
package web

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bextgen/bextgen/runtime"
	"github.com/bextgen/bextgen/runtime/web/page"
)

// Option is a setting of a handler.
type Option func(*options)

type options struct {
	prefix   string
	auth     authenticator
	gatherer prometheus.Gatherer
	logger   *slog.Logger
	origins  []string
	now      func() time.Time
	readOnly bool
	limits   limits
}

// limits are what a client can use up.
type limits struct {
	body      int64         // bytes of a request's body
	read      time.Duration // for a body to come
	write     time.Duration // for an answer to be taken
	piece     time.Duration // for a piece of a stream to be taken
	keepAlive time.Duration // between two signs of life on a stream
}

// WithPrefix sets the path below which the handler answers; the default is /_bext.
func WithPrefix(prefix string) Option {
	return func(o *options) { o.prefix = prefix }
}

// WithMetrics sets whose metrics are told; the default is prometheus.DefaultGatherer.
func WithMetrics(g prometheus.Gatherer) Option {
	return func(o *options) { o.gatherer = g }
}

// WithLogger sets where the handler logs what went wrong on its own side; the default is slog.Default().
func WithLogger(l *slog.Logger) Option {
	return func(o *options) { o.logger = l }
}

// WithTrustedOrigins lets pages of other origins, such as https://admin.example.com, start
// runs and act on them.
func WithTrustedOrigins(origins ...string) Option {
	return func(o *options) { o.origins = append(o.origins, origins...) }
}

// WithReadOnly refuses all that would change something, whatever the principal may do.
func WithReadOnly() Option {
	return func(o *options) { o.readOnly = true }
}

// WithMaxBody sets how large the body of a request may be, in bytes; the default is 4 MiB.
func WithMaxBody(bytes int64) Option {
	return func(o *options) { o.limits.body = bytes }
}

// WithTimeouts sets how long the body of a request may take to come, and a piece of a stream to
// be taken by its client; the default is 10 seconds for both.
func WithTimeouts(body, piece time.Duration) Option {
	return func(o *options) { o.limits.read, o.limits.piece = body, piece }
}

// ErrNoAuth says that a handler was to be made without a decision on who may use it.
var ErrNoAuth = errors.New("nothing says who may use the handler: give it WithAuth, WithBearer, WithBasic or LoopbackOnly")

// Handler answers all requests below its prefix. It returns ErrNoAuth if no option says who
// may use it, and an error for an option that makes no sense.
func Handler(rt *runtime.Runtime, opts ...Option) (http.Handler, error) {
	o := options{
		prefix: "/_bext", gatherer: prometheus.DefaultGatherer, logger: slog.Default(), now: time.Now,
		limits: limits{body: 4 << 20, read: 10 * time.Second, write: 30 * time.Second, piece: 10 * time.Second, keepAlive: 15 * time.Second},
	}
	for _, set := range opts {
		set(&o)
	}
	switch {
	case rt == nil:
		return nil, errors.New("web.Handler: the runtime is nil")
	case o.auth == nil:
		return nil, fmt.Errorf("web.Handler: %w", ErrNoAuth)
	case !strings.HasPrefix(o.prefix, "/") || strings.HasSuffix(o.prefix, "/") || strings.ContainsAny(o.prefix, "{} ?#"):
		return nil, fmt.Errorf("web.Handler: the prefix %q is not one such as /_bext", o.prefix)
	}
	h := &handler{options: o, rt: rt, mux: http.NewServeMux(), crossOrigin: http.NewCrossOriginProtection(), assets: page.AssetVersion()}
	for _, origin := range o.origins {
		if err := h.crossOrigin.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("web.Handler: %w", err)
		}
	}
	h.addRoutes()
	return h, nil
}

// handler is what Handler returns.
type handler struct {
	options
	rt          *runtime.Runtime
	mux         *http.ServeMux
	crossOrigin *http.CrossOriginProtection
	assets      string // page.AssetVersion
}
