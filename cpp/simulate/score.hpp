// What a policy says, run natively: weighted postfix programs over the columns of a world.
#pragma once

#include <stdexcept>
#include <vector>

#include "base.hpp"

namespace headway::simulate {

// Codes of instructions; those of headway.simulate.expression.
enum class Code : std::uint8_t {
    COLUMN, CONSTANT, ADD, SUBTRACT, MULTIPLY, DIVIDE, MAXIMUM, MINIMUM, NEGATIVE, ABSOLUTE, EXP,
    LOG, SQRT, LESS
};

inline constexpr Int N_CODES = 14;

// Programs one after another, as they come from Python; `first` has one entry more than there are
// weights.
struct ScoreTables {
    Ints code;
    Ints argument;  // a column, or the position of a constant
    Reals constants;
    Ints first;
    Reals weights;
    Int n_columns;
};

// The sum of weights times programs, for one candidate after another. Has room of its own for the
// stack, so that each thread needs its own copy.
class Score {
public:
    // Throws std::invalid_argument if a program is malformed.
    explicit Score(const ScoreTables& tables);

    // `value(column)` gives the column of the candidate.
    template <class Value>
    double operator()(const Value& value) {
        double total = 0;
        for (std::size_t k = 0; k < weights_.size(); ++k) {
            total += weights_[k] * run(k, value);
        }
        return total;
    }

    // Columns that are read, each once.
    const std::vector<Int>& columns() const { return columns_; }

private:
    struct Step {
        Code code;
        std::int32_t column;
        double constant;
    };

    template <class Value>
    double run(std::size_t k, const Value& value) {
        double* top = stack_.data();  // one past the topmost
        for (Int i = first_[k]; i < first_[k + 1]; ++i) {
            const Step& step = steps_[i];
            if (step.code == Code::COLUMN) {
                *top++ = value(step.column);
            } else if (step.code == Code::CONSTANT) {
                *top++ = step.constant;
            } else {
                top = apply(step.code, top);
            }
        }
        return stack_[0];
    }

    static double* apply(Code code, double* top);

    std::vector<Step> steps_;
    std::vector<Int> first_;
    std::vector<double> weights_;
    std::vector<Int> columns_;
    std::vector<double> stack_;
};

// Whether a score beats another, as numpy's argmax sees it.
inline bool beats(double score, double other) {
    return score > other || (score != score && other == other);
}

}  // namespace headway::simulate
