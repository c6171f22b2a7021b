#include "simulate/binding.hpp"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/tuple.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <stdexcept>
#include <tuple>
#include <utility>
#include <vector>

#include "simulate/cluster/pool.hpp"
#include "simulate/cluster/preemptive.hpp"

namespace headway {
namespace {

using namespace nb::literals;
using namespace simulate;

// Lets Ctrl-C end a long run.
void check_signals() {
    const nb::gil_scoped_acquire locked;
    if (PyErr_CheckSignals() != 0) {
        throw nb::python_error();
    }
}

// Sorts by the scores that a Python function gives, the largest first, ties by number.
Sort by_function(const nb::object& scores) {
    return [&scores](Int now, std::vector<Int>& jobs, Ints executed) {
        const nb::gil_scoped_acquire locked;
        std::ranges::sort(jobs);
        std::vector<Int> done;
        for (const Int job : jobs) {
            done.push_back(executed.empty() ? 0 : executed[static_cast<std::size_t>(job)]);
        }
        const nb::object answer =
            scores(now, to_numpy(std::vector<Int>(jobs)), to_numpy(std::move(done)));
        const auto score = nb::cast<InArray<double>>(answer);
        if (score.size() != jobs.size()) {
            throw std::invalid_argument("jobs: a score per job is expected");
        }
        std::vector<std::pair<double, Int>> keyed;
        for (std::size_t k = 0; k < jobs.size(); ++k) {
            if (std::isnan(score.data()[k])) {
                throw std::invalid_argument("jobs: a score is not a number");
            }
            keyed.emplace_back(-score.data()[k], jobs[k]);
        }
        std::ranges::sort(keyed);
        std::ranges::transform(keyed, jobs.begin(), &std::pair<double, Int>::second);
    };
}

class ClusterJobs {
public:
    ClusterJobs(InArray<Int> submit, InArray<Int> run, InArray<Int> estimate, InArray<Int> amount,
                Int capacity, Int per_unit)
        : columns_{submit, run, estimate, amount}, capacity_(capacity), per_unit_(per_unit) {
        if (per_unit < 1) {
            throw std::invalid_argument("jobs: a processor of no units");
        }
        require_sound(jobs(), capacity);
    }

    std::pair<OutArray, OutArray> start_ranked(Int backfill, InArray<Int> rank) const {
        return start(backfill, {view(rank), nullptr});
    }

    std::pair<OutArray, OutArray> start_scored(Int backfill, const Score& score) const {
        return start(backfill, {Ints{}, ByScore(jobs(), per_unit_, checked(score))});
    }

    std::pair<OutArray, OutArray> start_asking(Int backfill, const nb::object& scores) const {
        return start(backfill, {Ints{}, by_function(scores)});
    }

    std::tuple<OutArray, OutArray, OutArray> preempt_scored(InArray<Int> levels,
                                                            const Score& score) const {
        return preempt(levels, ByScore(jobs(), per_unit_, checked(score)));
    }

    std::tuple<OutArray, OutArray, OutArray> preempt_asking(InArray<Int> levels,
                                                            const nb::object& scores) const {
        return preempt(levels, by_function(scores));
    }

private:
    Jobs jobs() const {
        return {view(columns_[0]), view(columns_[1]), view(columns_[2]), view(columns_[3])};
    }

    static const Score& checked(const Score& score) {
        if (!score.columns().empty() && score.columns().back() >= N_COLUMNS) {
            throw std::invalid_argument("jobs: a score reads a column that there is not");
        }
        return score;
    }

    std::pair<OutArray, OutArray> start(Int backfill, const Order& order) const {
        if (backfill < 0 || backfill > static_cast<Int>(Backfill::CONSERVATIVE)) {
            throw std::invalid_argument("jobs: no such backfilling");
        }
        Pool pool(jobs(), capacity_, static_cast<Backfill>(backfill), order);
        Starts starts;
        {
            const nb::gil_scoped_release unlocked;
            starts = pool.run(check_signals);
        }
        return {to_numpy(std::move(starts.start)), to_numpy(std::move(starts.promised))};
    }

    std::tuple<OutArray, OutArray, OutArray> preempt(InArray<Int> levels, Sort sort) const {
        Preemptive world(jobs(), capacity_, view(levels), std::move(sort));
        Stretches stretches;
        {
            const nb::gil_scoped_release unlocked;
            stretches = world.run(check_signals);
        }
        return {to_numpy(std::move(stretches.job)), to_numpy(std::move(stretches.start)),
                to_numpy(std::move(stretches.end))};
    }

    InArray<Int> columns_[4];
    Int capacity_;
    Int per_unit_;
};

}  // namespace

void bind_cluster(nb::module_& module) {
    nb::class_<ClusterJobs>(module, "ClusterJobs", "Jobs that share a pool of units.")
        .def(nb::init<InArray<Int>, InArray<Int>, InArray<Int>, InArray<Int>, Int, Int>(),
             "submit"_a, "run"_a, "estimate"_a, "amount"_a, "capacity"_a, "per_unit"_a)
        .def("start_ranked", &ClusterJobs::start_ranked, "backfill"_a, "rank"_a,
             "When each job starts, and when its first reservation promised that it would.")
        .def("start_scored", &ClusterJobs::start_scored, "backfill"_a, "score"_a,
             "The same by a score, the largest first.")
        .def("start_asking", &ClusterJobs::start_asking, "backfill"_a, "scores"_a,
             "The same by a function of time, jobs and their work done.")
        .def("preempt_scored", &ClusterJobs::preempt_scored, "levels"_a, "score"_a,
             "Job, start and end of each stretch of work of jobs that may be taken off.")
        .def("preempt_asking", &ClusterJobs::preempt_asking, "levels"_a, "scores"_a,
             "The same by a function of time, jobs and their work done.");
}

}  // namespace headway
