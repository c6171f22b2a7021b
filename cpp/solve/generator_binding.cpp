#include "solve/generator_binding.hpp"

#include <nanobind/stl/tuple.h>

#include <optional>
#include <stdexcept>
#include <tuple>

#include "model/problem_binding.hpp"
#include "solve/generate.hpp"

namespace headway {
namespace {

using namespace nb::literals;

class Generator {
public:
    Generator(nb::object problem, InArray<bool> present, InArray<bool> open,
              InArray<Int> conflict_ptr, InArray<Int> conflict, InArray<Int> budget_mode,
              InArray<Int> mode_penalty)
        : problem_(bind_problem(std::move(problem))),
          flags_{present, open},
          columns_{conflict_ptr, conflict, budget_mode, mode_penalty} {
        const auto n = static_cast<std::size_t>(problem_.view.n_tasks());
        const auto m = static_cast<std::size_t>(problem_.view.n_modes());
        if (present.size() != n || budget_mode.size() != n || open.size() != m ||
            conflict_ptr.size() != m + 1 || mode_penalty.size() != m) {
            throw std::invalid_argument("Generator: an array does not fit the problem");
        }
        nb::gil_scoped_release unlocked;
        network_.emplace(problem_.view, Decisions{view<bool>(flags_[0]), view<bool>(flags_[1]),
                                                  view<Int>(columns_[0]), view<Int>(columns_[1]),
                                                  view<Int>(columns_[2]), view<Int>(columns_[3])});
    }

    std::tuple<OutArray, OutArray, OutArray, Int, Int> run(
        bool parallel, Int formula, InArray<double> key, InArray<double> due, InArray<double> left,
        InArray<double> work, InArray<double> weight, double scale, double alpha,
        std::uint64_t seed, nb::object interrupted) const {
        const auto n = static_cast<std::size_t>(network_->n_tasks());
        const auto which = static_cast<Formula>(formula);
        const bool keyed = which == Formula::STATIC;
        const bool dated = which > Formula::READY;
        for (const auto* column : {&due, &left, &work, &weight}) {
            if (dated && column->size() != n) {
                throw std::invalid_argument("Generator.run: the formula needs a value per task");
            }
        }
        if (formula < 0 || formula > static_cast<Int>(Formula::COVERT) ||
            (keyed && key.size() != n)) {
            throw std::invalid_argument("Generator.run: no such formula, or no key per task");
        }
        const Priority priority{which,      view(key),    view(due), view(left),
                                view(work), view(weight), scale};
        const auto ask = [&interrupted] {
            nb::gil_scoped_acquire locked;
            return nb::cast<bool>(interrupted());
        };
        const std::function<bool()> asked = interrupted.is_none() ? std::function<bool()>() : ask;
        Generated found;
        {
            nb::gil_scoped_release unlocked;
            found = generate(*network_, priority, parallel ? Scheme::PARALLEL : Scheme::SERIAL,
                             {alpha, seed}, asked);
        }
        const bool stuck = found.verdict.outcome == Outcome::FAILS;
        return {to_numpy(std::move(found.start)), to_numpy(std::move(found.end)),
                to_numpy(std::move(found.mode)),
                stuck ? static_cast<Int>(found.verdict.reason) : 0,
                stuck ? found.verdict.task : ABSENT};
    }

private:
    BoundProblem problem_;
    InArray<bool> flags_[2];
    InArray<Int> columns_[4];
    std::optional<Network> network_;
};

}  // namespace

void bind_generator(nb::module_& module) {
    nb::class_<Generator>(module, "Generator",
                          "Schedule generation for one problem; the problem is not copied.")
        .def(nb::init<nb::object, InArray<bool>, InArray<bool>, InArray<Int>, InArray<Int>,
                      InArray<Int>, InArray<Int>>(),
             "problem"_a, "present"_a, "is_open"_a, "conflict_ptr"_a, "conflict"_a, "budget_mode"_a,
             "mode_penalty"_a)
        .def("run", &Generator::run, "parallel"_a, "formula"_a, "key"_a, "due"_a, "left"_a,
             "work"_a, "weight"_a, "scale"_a, "alpha"_a, "seed"_a,
             "interrupted"_a.none() = nb::none(),
             "One pass: start, end and mode per task, then the reason (0: none) and the task it "
             "got stuck at.");
}

}  // namespace headway
