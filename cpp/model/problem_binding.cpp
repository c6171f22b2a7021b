#include "model/problem_binding.hpp"

namespace headway {
namespace {

// The tables are frozen and their arrays read-only, so the pointers stay valid while the problem
// lives.
template <class T = Int>
std::span<const T> column(const nb::object& table, const char* name) {
    return view<T>(nb::cast<InArray<T>>(table.attr(name)));
}

Matrix matrix(const nb::handle& array) {
    using Square = nb::ndarray<const Int, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
    const auto values = nb::cast<Square>(array);
    return {values.data(), static_cast<Int>(values.shape(0)), static_cast<Int>(values.shape(1))};
}

}  // namespace

BoundProblem bind_problem(nb::object problem) {
    ProblemView view;
    view.horizon = nb::cast<Int>(problem.attr("horizon"));

    const nb::object jobs = problem.attr("jobs");
    view.jobs = {column(jobs, "release"), column(jobs, "deadline")};

    const nb::object r = problem.attr("resources");
    view.resources = {
        .kind = column(r, "kind"),
        .capacity = column(r, "capacity"),
        .level = column(r, "level"),
        .level_min = column(r, "level_min"),
        .level_max = column(r, "level_max"),
        .break_ptr = column(r, "break_ptr"),
        .break_start = column(r, "break_start"),
        .break_end = column(r, "break_end"),
        .step_ptr = column(r, "step_ptr"),
        .step_time = column(r, "step_time"),
        .step_capacity = column(r, "step_capacity"),
        .setup = column(r, "setup"),
    };

    const nb::object t = problem.attr("tasks");
    view.tasks = {
        .job = column(t, "job"),
        .earliest_start = column(t, "earliest_start"),
        .latest_start = column(t, "latest_start"),
        .earliest_end = column(t, "earliest_end"),
        .latest_end = column(t, "latest_end"),
        .hold_until = column(t, "hold_until"),
        .family = column(t, "family"),
        .mode_ptr = column(t, "mode_ptr"),
        .interruptible = column<bool>(t, "interruptible"),
    };

    const nb::object m = problem.attr("modes");
    view.modes = {
        .task = column(m, "task"),
        .duration = column(m, "duration"),
        .demand_ptr = column(m, "demand_ptr"),
        .demand_resource = column(m, "demand_resource"),
        .demand_amount = column(m, "demand_amount"),
    };

    const nb::object relations = problem.attr("relations");
    view.relations = {
        .kind = column(relations, "kind"),
        .before = column(relations, "before"),
        .after = column(relations, "after"),
        .min_lag = column(relations, "min_lag"),
        .max_lag = column(relations, "max_lag"),
        .transfer = column<bool>(relations, "transfer"),
    };

    const nb::object pairs = problem.attr("pairs");
    view.pairs = {column(pairs, "kind"), column(pairs, "first"), column(pairs, "second")};

    const nb::object sequences = problem.attr("sequences");
    view.sequences = {
        .first_machine = column(sequences, "first_machine"),
        .second_machine = column(sequences, "second_machine"),
        .task_ptr = column(sequences, "task_ptr"),
        .first_task = column(sequences, "first_task"),
        .second_task = column(sequences, "second_task"),
    };

    for (const nb::handle setup : problem.attr("setups")) {
        view.setups.push_back(matrix(setup));
    }
    view.transfers = matrix(problem.attr("transfers"));
    return {std::move(problem), std::move(view)};
}

}  // namespace headway
