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
    if (block.content >= 0) {
        forgotten = block.content;
        known_.erase(block.content);
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
    if (content >= 0) {
        if (!known_.try_emplace(content, static_cast<std::int32_t>(number)).second) {
            return;
        }
        ++changes_;
    }
    at(number).content = content;
}

}  // namespace headway::serving
