#include "search/single/insertion.hpp"

#include <algorithm>
#include <stdexcept>

namespace headway::search::single {
namespace {

// A sequence with its times by position.
struct Sequenced {
    std::vector<Int> job, work, due, end;

    void append(Int j, Int p, Int d) {
        const Int before = end.empty() ? 0 : end.back();
        job.push_back(j);
        work.push_back(p);
        due.push_back(d);
        end.push_back(before + p);
    }

    Int tardiness(std::size_t i) const { return tardiness(i, end[i]); }
    Int tardiness(std::size_t i, Int at) const { return std::max(Int{0}, at - due[i]); }

    // Moves the job at one position to another.
    void move(std::size_t from, std::size_t to) {
        for (std::vector<Int>* column : {&job, &work, &due}) {
            const auto at = [&](std::size_t i) {
                return column->begin() + static_cast<std::ptrdiff_t>(i);
            };
            if (from < to) {
                std::rotate(at(from), at(from + 1), at(to + 1));
            } else {
                std::rotate(at(to), at(from), at(from + 1));
            }
        }
        const std::size_t first = std::min(from, to);
        Int now = first == 0 ? 0 : end[first - 1];
        for (std::size_t i = first; i <= std::max(from, to); ++i) {
            now += work[i];
            end[i] = now;
        }
    }
};

void check(Ints work, Ints due, Ints order) {
    if (work.size() != due.size() || work.size() != order.size()) {
        throw std::invalid_argument("total tardiness: columns of different lengths");
    }
    std::vector<bool> seen(work.size());
    for (const Int j : order) {
        if (j < 0 || j >= static_cast<Int>(work.size()) || seen[static_cast<std::size_t>(j)]) {
            throw std::invalid_argument("order: every job is to appear once");
        }
        seen[static_cast<std::size_t>(j)] = true;
    }
}

Sequenced reserved(std::size_t n) {
    Sequenced s;
    for (std::vector<Int>* column : {&s.job, &s.work, &s.due, &s.end}) {
        column->reserve(n);
    }
    return s;
}

// The change of total tardiness if the job at `from` moves to each position on one side of it,
// passed to `take(to, change)`.
template <class Take>
void sweep(const Sequenced& s, std::size_t from, bool right, Take&& take) {
    const Int p = s.work[from], own = s.tardiness(from);
    Int passed = 0;
    if (right) {
        for (std::size_t i = from + 1; i < s.job.size(); ++i) {
            passed += s.tardiness(i, s.end[i] - p) - s.tardiness(i);
            take(i, passed + s.tardiness(from, s.end[i]) - own);
        }
    } else {
        for (std::size_t i = from; i-- > 0;) {
            passed += s.tardiness(i, s.end[i] + p) - s.tardiness(i);
            take(i, passed + s.tardiness(from, s.end[i] - s.work[i] + p) - own);
        }
    }
}

}  // namespace

std::vector<Int> augmented(Ints work, Ints due, Ints order) {
    check(work, due, order);
    Sequenced s = reserved(order.size());
    for (const Int j : order) {
        s.append(j, work[static_cast<std::size_t>(j)], due[static_cast<std::size_t>(j)]);
        const std::size_t last = s.job.size() - 1;
        std::size_t best = last;
        Int least = 0;
        for (std::size_t i = 0; i < last; ++i) {
            Int change = s.tardiness(i, s.end[last]) - s.tardiness(i);
            for (std::size_t k = i + 1; k <= last; ++k) {
                change += s.tardiness(k, s.end[k] - s.work[i]) - s.tardiness(k);
            }
            if (change < least) {
                least = change;
                best = i;
            }
        }
        if (best < last) {
            s.move(best, last);
        }
    }
    return std::move(s.job);
}

std::vector<Int> insertion_descent(Ints work, Ints due, Ints order) {
    check(work, due, order);
    Sequenced s = reserved(order.size());
    for (const Int j : order) {
        s.append(j, work[static_cast<std::size_t>(j)], due[static_cast<std::size_t>(j)]);
    }
    for (bool improved = true; improved;) {
        improved = false;
        for (std::size_t from = 0; from < s.job.size(); ++from) {
            Int least = 0;
            std::size_t best = from;
            for (const bool right : {true, false}) {
                sweep(s, from, right, [&](std::size_t to, Int change) {
                    if (change < least) {
                        least = change;
                        best = to;
                    }
                });
            }
            if (best != from) {
                s.move(from, best);
                improved = true;
            }
        }
    }
    return std::move(s.job);
}

}  // namespace headway::search::single
