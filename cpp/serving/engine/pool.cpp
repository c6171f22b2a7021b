#include "serving/engine/pool.hpp"

namespace headway::serving {

Pool::Pool(Int blocks) : blocks_(static_cast<std::size_t>(blocks) + 1), free_(blocks) {
    const auto n = static_cast<std::int32_t>(blocks_.size());
    for (std::int32_t k = 0; k < n; ++k) {
        blocks_[static_cast<std::size_t>(k)].before = (k + n - 1) % n;
        blocks_[static_cast<std::size_t>(k)].after = (k + 1) % n;
    }
}

Int Pool::find(Content content) const {
    const auto found = known_.find(content);
    return found == known_.end() ? ABSENT : found->second;
}

void Pool::unlink(Block& block) {
    at(block.before).after = block.after;
    at(block.after).before = block.before;
    --free_;
}

Int Pool::take(Content& forgotten) {
    const Int front = at(size()).after;
    Block& block = at(front);
    unlink(block);
    block.holders = 1;
    forgotten = NOTHING;
    if (block.content >= 0 && unknow(front)) {
        forgotten = block.content;
    }
    block.content = NOTHING;
    return front;
}

void Pool::hold(Int number) {
    Block& block = at(number);
    if (block.holders == 0) {
        unlink(block);
    }
    ++block.holders;
}

void Pool::give(Int number) {
    Block& block = at(number);
    if (--block.holders > 0) {
        return;
    }
    Block& anchor = at(size());
    block.before = anchor.before;
    block.after = static_cast<std::int32_t>(size());
    at(anchor.before).after = static_cast<std::int32_t>(number);
    anchor.before = static_cast<std::int32_t>(number);
    ++free_;
    ++changes_;
}

void Pool::learn(Int number, Content content) {
    Block& block = at(number);
    if (content >= 0) {
        const auto self = static_cast<std::int32_t>(number);
        const auto [found, is_new] = known_.try_emplace(content, self);
        if (!is_new) {
            Int last = found->second;
            while (at(last).same != ABSENT) {
                last = at(last).same;
            }
            at(last).same = self;
        }
        ++changes_;
    }
    block.content = content;
}

// Tells whether no other block holds the same.
bool Pool::unknow(Int number) {
    Block& block = at(number);
    bool is_last = false;
    const auto found = known_.find(block.content);
    if (found->second != number) {
        Int before = found->second;
        while (at(before).same != number) {
            before = at(before).same;
        }
        at(before).same = block.same;
    } else if (block.same != ABSENT) {
        found->second = block.same;
    } else {
        known_.erase(found);
        is_last = true;
    }
    block.same = ABSENT;
    return is_last;
}

}  // namespace headway::serving
