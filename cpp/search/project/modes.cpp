#include "search/project/modes.hpp"

#include <algorithm>

namespace headway::search::project {
namespace {

// Changes tried before a choice of modes is given up, times the number of tasks.
constexpr Int PATIENCE = 8;
// One task out of so many changes to some mode that is no worse rather than to the best one.
constexpr std::int32_t RARELY = 4;

}  // namespace

Treasurer::Treasurer(const Project& project) : project_(&project), spent_(project.n_budgets()) {}

Int Treasurer::excess(std::span<const Index> mode) {
    std::ranges::fill(spent_, 0);
    for (const Index m : mode) {
        for (std::size_t b = 0; b < spent_.size(); ++b) {
            spent_[b] += project_->spending(m)[b];
        }
    }
    Int sum = 0;
    for (std::size_t b = 0; b < spent_.size(); ++b) {
        sum += std::max<Int>(0, spent_[b] - project_->budget(b));
    }
    return sum;
}

Int Treasurer::repair(std::span<Index> mode, Random& random) {
    Int over = excess(mode);
    const Index n = project_->n_tasks();
    for (Int tries = PATIENCE * n; over > 0 && tries > 0; --tries) {
        const Index task = random.below(n);
        const Index from = mode[Project::at(task)];
        const Index first = project_->first_mode(task), count = project_->end_mode(task) - first;
        Index to = first + random.below(count);
        if (random.below(RARELY) > 0) {
            for (Index m = first; m < first + count; ++m) {
                to = change(from, m) < change(from, to) ? m : to;
            }
        }
        const Int more = change(from, to);
        if (more <= 0) {
            for (std::size_t b = 0; b < spent_.size(); ++b) {
                spent_[b] += project_->spending(to)[b] - project_->spending(from)[b];
            }
            mode[Project::at(task)] = to;
            over += more;
        }
    }
    return over;
}

Int Treasurer::change(Index from, Index to) const {
    Int sum = 0;
    for (std::size_t b = 0; b < spent_.size(); ++b) {
        const Int left = project_->budget(b) - spent_[b];
        const Int more = project_->spending(to)[b] - project_->spending(from)[b];
        sum += std::max<Int>(0, more - left) - std::max<Int>(0, -left);
    }
    return sum;
}

}  // namespace headway::search::project
