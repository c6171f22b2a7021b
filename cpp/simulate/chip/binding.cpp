#include "simulate/chip/binding.hpp"

#include <stdexcept>

#include "simulate/chip/run.hpp"

namespace headway {
namespace {

using namespace nb::literals;
using namespace simulate;
using namespace simulate::chip;

template <class T, class Get>
OutArray gathered(const std::vector<T>& of, Get get) {
    std::vector<Int> values;
    values.reserve(of.size());
    for (const T& item : of) {
        values.push_back(static_cast<Int>(get(item)));
    }
    return to_numpy(std::move(values));
}

using Table = nb::ndarray<nb::numpy, double, nb::ndim<2>>;

// The columns of the present candidates, a row each.
Table columns(const Stream& stream) {
    const std::size_t n = stream.candidates().size();
    auto* kept = new std::vector<double>(n * N_COLUMNS);
    nb::capsule owner(kept, [](void* p) noexcept { delete static_cast<std::vector<double>*>(p); });
    for (std::size_t k = 0; k < n; ++k) {
        for (std::size_t c = 0; c < N_COLUMNS; ++c) {
            (*kept)[k * N_COLUMNS + c] = stream.column(static_cast<Column>(c), k);
        }
    }
    return Table(kept->data(), {n, N_COLUMNS}, owner);
}

void commit(Stream& stream, std::size_t candidate) {
    if (candidate >= stream.candidates().size()) {
        throw std::invalid_argument("chip: there is no such candidate");
    }
    stream.commit(candidate);
}

void run_score(Stream& stream, InArray<Int> code, InArray<Int> argument, InArray<double> constants,
               InArray<Int> first, InArray<double> weights, bool waits,
               const search::StopFlag& stop) {
    Score score({view(code), view(argument), view(constants), view(first), view(weights),
                 static_cast<Int>(N_COLUMNS)});
    const nb::gil_scoped_release unlocked;
    run(stream, score, waits, stop);
}

}  // namespace

void bind_chip(nb::module_& module) {
    nb::class_<Applications>(module, "ChipApplications", "Task graphs with their costs on a chip.")
        .def(
            "__init__",
            [](Applications* self, Int n_elements, InArray<Int> task_ptr, InArray<Int> duration,
               InArray<Int> edge_ptr, InArray<Int> edge_source, InArray<Int> delay,
               InArray<double> rank, InArray<Int> order) {
                new (self) Applications({n_elements, view(task_ptr), view(duration),
                                         view(edge_ptr), view(edge_source), view(delay), view(rank),
                                         view(order)});
            },
            "n_elements"_a, "task_ptr"_a, "duration"_a, "edge_ptr"_a, "edge_source"_a, "delay"_a,
            "rank"_a, "order"_a);

    nb::class_<Stream>(module, "ChipStream", "Jobs that arrive at a chip.")
        .def(
            "__init__",
            [](Stream* self, const Applications& applications, InArray<Int> gap, InArray<Int> kind,
               InArray<Int> duration, Int initial, Int most_jobs, bool lost_gap, Int length,
               Int limit, Int seed) {
                new (self) Stream(applications, {view(gap), view(kind), view(duration)},
                                  {initial, most_jobs, lost_gap, length, limit, seed});
            },
            "applications"_a, "gap"_a, "kind"_a, "duration"_a, "initial"_a, "most_jobs"_a,
            "lost_gap"_a, "length"_a, "limit"_a, "seed"_a, nb::keep_alive<1, 2>())
        .def("decide", &Stream::decide,
             "Move on to the next instant at which a task can be committed; False at the end.")
        .def("columns", &columns, "What the candidates look like, a row each.")
        .def("commit", &commit, "candidate"_a, "Commit a task to an element.")
        .def("wait", &Stream::wait, "Commit nothing until something happens.")
        .def("may_wait", &Stream::may_wait, "Whether anything will happen without a decision.")
        .def("run", &run_score, "code"_a, "argument"_a, "constants"_a, "first"_a, "weights"_a,
             "waits"_a, "stop"_a, "Let a score decide until the end.")
        .def(
            "clone", [](const Stream& self) { return Stream(self); }, nb::keep_alive<0, 1>(),
            "A copy that goes on by itself.")
        .def_prop_ro("now", &Stream::now)
        .def(
            "tasks",
            [](const Stream& self) {
                const auto& of = self.candidates();
                return gathered(of, [&](const Candidate& c) { return self.task(c); });
            },
            "The task of each candidate, among those of all jobs that have arrived.")
        .def(
            "elements",
            [](const Stream& self) {
                return gathered(self.candidates(), [](const Candidate& c) { return c.element; });
            },
            "The element of each candidate.")
        .def(
            "jobs",
            [](const Stream& self) {
                const auto& of = self.jobs();
                return nb::make_tuple(
                    gathered(of, [](const Stream::Job& job) { return job.kind; }),
                    gathered(of, [](const Stream::Job& job) { return job.arrival; }),
                    gathered(of, [](const Stream::Job& job) { return job.completion; }));
            },
            "Of each job that has arrived: kind, arrival, completion or -1.")
        .def(
            "outcomes",
            [](const Stream& self) {
                const auto& of = self.outcomes();
                return nb::make_tuple(
                    gathered(of, [](const Outcome& task) { return task.element; }),
                    gathered(of, [](const Outcome& task) { return task.start; }),
                    gathered(of, [](const Outcome& task) { return task.end; }));
            },
            "Of each of their tasks: element, start and end, -1 if that is to come.");
}

}  // namespace headway
