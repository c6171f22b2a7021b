// How urgent a task is: the keys of priority rules. Smaller keys go first.
#pragma once

#include <algorithm>
#include <cmath>

#include "base.hpp"

namespace headway {

enum class Formula : Int {
    STATIC = 0,          // key as given
    READY = 1,           // when its predecessors let it start
    MODIFIED_DUE = 2,    // due date, or earliest completion if that is later
    CRITICAL_RATIO = 3,  // time left over work left
    APPARENT_TARDINESS = 4,
    COVERT = 5,
};

// Whether keys change while time passes.
inline bool is_timed(Formula formula) { return formula > Formula::READY; }

// Columns have one value per task; only those that the formula reads need be given.
struct Priority {
    Formula formula = Formula::STATIC;
    Reals key;      // STATIC
    Reals due;      // due date, infinite for none
    Reals left;     // work up to the end of the job, its own included
    Reals work;     // its own work
    Reals weight;
    double scale = 1.0;

    double operator()(Int task, Int now, Int ready) const {
        const auto v = static_cast<std::size_t>(task);
        const auto t = static_cast<double>(now);
        switch (formula) {
            case Formula::STATIC:
                return key[v];
            case Formula::READY:
                return static_cast<double>(ready);
            case Formula::MODIFIED_DUE:
                return std::max(due[v], t + left[v]);
            case Formula::CRITICAL_RATIO:
                return (due[v] - t) / std::max(left[v], 1.0);
            case Formula::APPARENT_TARDINESS: {
                const double slack = std::max(0.0, due[v] - t - left[v]);
                return -weight[v] / std::max(work[v], 1.0) * std::exp(-slack / scale);
            }
            case Formula::COVERT: {
                const double slack = std::max(0.0, due[v] - t - left[v]);
                const double patience = scale * std::max(left[v], 1.0);
                return -weight[v] / std::max(work[v], 1.0) * std::max(0.0, 1.0 - slack / patience);
            }
        }
        return 0.0;
    }
};

}  // namespace headway
