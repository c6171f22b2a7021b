// From a headway.model.Problem to a ProblemView.
#pragma once

#include "arrays.hpp"
#include "model/problem.hpp"

namespace headway {

// A view of the arrays of a Python problem, which it keeps alive.
struct BoundProblem {
    nb::object owner;
    ProblemView view;
};

BoundProblem bind_problem(nb::object problem);

}  // namespace headway
