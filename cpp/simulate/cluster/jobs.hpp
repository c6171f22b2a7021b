// Jobs, and who of them goes first.
#pragma once

#include <functional>
#include <vector>

#include "base.hpp"
#include "simulate/score.hpp"

namespace headway::simulate {

// Columns of one entry per job; jobs are numbered by submission.
struct Jobs {
    Ints submit;    // not negative, not decreasing
    Ints run;       // ticks that it really takes, not negative
    Ints estimate;  // ticks that the scheduler is told, positive
    Ints amount;    // units that it holds while it runs, from 1 to the capacity
};

// Throws std::invalid_argument unless the columns are as `Jobs` says.
void require_sound(const Jobs& jobs, Int capacity);

// Sorts jobs at an instant: who goes first comes first. `executed` says for how many ticks each job
// of all has run, or is empty where nobody can have run yet.
using Sort = std::function<void(Int now, std::vector<Int>& jobs, Ints executed)>;

// Columns that scores may read, by position; those of headway.simulate.cluster.rules.
enum class Column : Int {
    NOW, SUBMIT, WAIT, REQUESTED, PROCESSORS, AREA, REMAINING, ATTAINED
};

inline constexpr Int N_COLUMNS = 8;

// Sorts by a score, the largest first, ties by number.
class ByScore {
public:
    // `per_unit` units make one processor.
    ByScore(const Jobs& jobs, Int per_unit, Score score);

    void operator()(Int now, std::vector<Int>& jobs, Ints executed);

private:
    double value(Column column, std::size_t job, Int now, Int executed) const;

    Jobs jobs_;
    double per_unit_;
    Score score_;
    std::vector<std::pair<double, Int>> keyed_;
};

}  // namespace headway::simulate
