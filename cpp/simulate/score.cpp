#include "simulate/score.hpp"

#include <algorithm>
#include <cmath>
#include <string>

namespace headway::simulate {
namespace {

// Smaller divisors and larger exponents count as these, so that all is defined everywhere.
constexpr double SMALLEST_DIVISOR = 1e-9;
constexpr double LARGEST_EXPONENT = 700.0;

void refuse(const std::string& why) { throw std::invalid_argument("score: " + why); }

Int operands(Code code) {
    if (code <= Code::CONSTANT) {
        return 0;
    }
    return code >= Code::NEGATIVE && code <= Code::SQRT ? 1 : 2;
}

// As numpy has it: what is not a number stays so.
double larger(double a, double b) { return a > b || a != a ? a : b; }
double smaller(double a, double b) { return a < b || a != a ? a : b; }

}  // namespace

Score::Score(const ScoreTables& t) : weights_(t.weights.begin(), t.weights.end()) {
    const auto n = static_cast<Int>(t.code.size());
    if (t.argument.size() != t.code.size()) {
        refuse("one argument per instruction is expected");
    }
    if (t.first.size() != t.weights.size() + 1 || t.first.front() != 0 || t.first.back() != n ||
        !std::ranges::is_sorted(t.first)) {
        refuse("programs do not cover the instructions");
    }
    Int deepest = 1;
    for (std::size_t k = 0; k < t.weights.size(); ++k) {
        Int depth = 0;
        for (Int i = t.first[k]; i < t.first[k + 1]; ++i) {
            if (t.code[i] < 0 || t.code[i] >= N_CODES) {
                refuse("there is no instruction " + std::to_string(t.code[i]));
            }
            const auto code = static_cast<Code>(t.code[i]);
            const Int argument = t.argument[i];
            Step step{code, 0, 0};
            if (code == Code::COLUMN) {
                if (argument < 0 || argument >= t.n_columns) {
                    refuse("there is no column " + std::to_string(argument));
                }
                step.column = static_cast<std::int32_t>(argument);
                columns_.push_back(argument);
            } else if (code == Code::CONSTANT) {
                if (argument < 0 || argument >= static_cast<Int>(t.constants.size())) {
                    refuse("there is no constant " + std::to_string(argument));
                }
                step.constant = t.constants[argument];
            }
            if (depth < operands(code)) {
                refuse("an operator lacks operands");
            }
            depth += 1 - operands(code);
            deepest = std::max(deepest, depth);
            steps_.push_back(step);
        }
        if (depth != 1) {
            refuse("a program does not end with one value");
        }
    }
    first_.assign(t.first.begin(), t.first.end());
    std::ranges::sort(columns_);
    columns_.erase(std::ranges::unique(columns_).begin(), columns_.end());
    stack_.resize(static_cast<std::size_t>(deepest));
}

double* Score::apply(Code code, double* top) {
    double& last = top[-1];
    if (operands(code) == 1) {
        switch (code) {
            case Code::NEGATIVE: last = -last; break;
            case Code::ABSOLUTE: last = std::abs(last); break;
            case Code::EXP: last = std::exp(smaller(last, LARGEST_EXPONENT)); break;
            case Code::LOG: last = std::log(larger(last, SMALLEST_DIVISOR)); break;
            default: last = std::sqrt(larger(last, 0)); break;
        }
        return top;
    }
    double& first = top[-2];
    switch (code) {
        case Code::ADD: first += last; break;
        case Code::SUBTRACT: first -= last; break;
        case Code::MULTIPLY: first *= last; break;
        case Code::DIVIDE:
            first /= std::abs(last) < SMALLEST_DIVISOR ? SMALLEST_DIVISOR : last;
            break;
        case Code::MAXIMUM: first = larger(first, last); break;
        case Code::MINIMUM: first = smaller(first, last); break;
        default: first = first < last ? 1.0 : 0.0; break;
    }
    return top - 1;
}

}  // namespace headway::simulate
