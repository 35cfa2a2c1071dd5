package web

import "slices"

// This file is the table of the routes; docs/http.md has it for people.

func (h *handler) routes() []route {
	return []route{
		{method: "GET", path: "/admin/flows", needs: MayRead, serve: h.getRuns, page: h.pageRuns, about: &operation{
			id: "listRuns", summary: "Runs, newest first", query: listQuery, answer: answerOf[RunPage](200),
		}},
		{method: "GET", path: "/admin/flows/{runId}", needs: MayRead, serve: h.getRun, page: h.pageRun, about: &operation{
			id: "getRun", summary: "One run with its steps, attempts, timers, signals, children and acts", answer: answerOf[RunDetail](200),
			query: []parameter{{"history", "boolean", "Also the run's whole log."}},
		}},
		{method: "POST", path: "/admin/flows/bulk", needs: MayOperate, serve: h.postBulk, streams: true, about: &operation{
			id: "actOnRuns", summary: "An act on all runs that a filter selects", body: typeOf[BulkRequest](), answer: answerOf[BulkAnswer](200),
		}},
		{method: "POST", path: "/admin/flows/{runId}/{act}", needs: MayOperate, serve: h.postAct, about: &operation{
			id: "actOnRun", summary: "cancel, terminate, pause, resume, skip-delay, retry, rerun, fork or delete",
			body: typeOf[ActRequest](), answer: answerOf[ActAnswer](200),
		}},
		{method: "DELETE", path: "/admin/flows/{runId}", needs: MayOperate, serve: h.deleteRun, about: &operation{
			id: "deleteRun", summary: "Deletes a run that is over", answer: answerOf[ActAnswer](200),
		}},
		{method: "GET", path: "/admin/definitions", needs: MayRead, serve: h.getDefinitions, page: h.pageDefinitions, about: &operation{
			id: "listDefinitions", summary: "The registered flows", answer: answerOf[Definitions](200),
		}},
		{method: "GET", path: "/admin/definitions/{flowId}", needs: MayRead, serve: h.getDefinition, page: h.pageDefinition, about: &operation{
			id: "getDefinition", summary: "The newest registered version of a flow", answer: answerOf[Definition](200),
		}},
		{method: "GET", path: "/admin/stats", needs: MayRead, serve: h.getStats, about: &operation{
			id: "getStats", summary: "Counts, rates, durations and queues, by flow", query: statsQuery, answer: answerOf[Stats](200),
		}},

		{method: "POST", path: "/flows/{flowId}", needs: MayStart, serve: h.postStart, about: &operation{
			id: "startRun", summary: "Starts a run: the body is the input, or has it in a field", body: typeOf[StartRequest](),
			answer: answerOf[StartAnswer](202), also: answerOf[StartAnswer](200), loose: true,
		}},
		{method: "POST", path: "/flows/{runId}/signals/{name}", needs: MayOperate, serve: h.postSignal, about: &operation{
			id: "sendSignal", summary: "Sends the body as a signal", answer: answerOf[SignalAnswer](202), loose: true,
			query: []parameter{
				{"key", "string", "Of a wait in a foreach: the element that it is for."},
				{"id", "string", "A second signal of the same id is the same one."},
			},
		}},

		{method: "GET", path: "/flows/{runId}/stream", needs: MayRead, serve: h.streamRun, streams: true, about: &operation{
			id: "followRun", summary: "The events of one run: its history, and then what happens", events: true, query: resumeQuery,
		}},
		{method: "GET", path: "/flows/stream", needs: MayRead, serve: h.streamRuns, streams: true, about: &operation{
			id: "followRuns", summary: "The events of all runs that a filter selects, from now on", events: true,
			query: append(slices.Clone(streamQuery), resumeQuery...),
		}},

		{method: "GET", path: "/{$}", needs: MayRead, serve: h.getFront},
		{method: "GET", path: "/openapi.json", needs: MayRead, serve: h.getOpenAPI},
		{method: "GET", path: "/metrics", needs: MayRead, serve: h.getMetrics},
		{method: "GET", path: "/healthz", serve: h.getHealth, about: &operation{
			id: "health", summary: "Whether the store answers", answer: answerOf[Health](200),
		}},

		{method: "GET", path: "/assets/{file}", serve: h.getAsset, open: true},
		{method: "GET", path: "/login", serve: h.getLogin, open: true},
		{method: "POST", path: "/login", serve: h.postLogin, open: true},
		{method: "POST", path: "/logout", serve: h.postLogout, open: true},
	}
}

func (h *handler) addRoutes() {
	for _, r := range h.routes() {
		h.mux.Handle(r.method+" "+h.prefix+r.path, h.through(r))
	}
}
