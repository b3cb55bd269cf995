//! What one rendering may use, and what is left of it.

use crate::Fault;

/// What one rendering may use at most. Each limit that is met is an error that names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Steps: one for each action that is executed, each value that is walked over, and each 64 bytes that a function
    /// is given or makes. A step takes about 50 ns, and twice as much in the worst case.
    pub steps: u64,
    /// Bytes of all values that are made, freed or not, and of what one call takes for as long as it runs:
    /// `derivePassword` 32 MiB, which the default allows.
    pub memory: usize,
    /// Bytes of output.
    pub output: usize,
    /// How deep templates call each other, actions and parentheses nest, and lists and maps lie in each other.
    pub nesting: usize,
    /// What costs much time by itself, in its own units: an RSA key, a bcrypt hash, a scrypt derivation is 1 for each
    /// 10 ms that it takes on a common machine. The default is 2 seconds: an RSA key of 4096 bits, which may take
    /// 1.5, or an authority and three certificates that it signs, or 33 bcrypt hashes.
    pub effort: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { steps: 500_000, memory: 40 << 20, output: 4 << 20, nesting: 100, effort: 200 }
    }
}

/// What is left of the limits.
#[derive(Debug)]
pub(crate) struct Budget {
    left: Limits,
}

impl Budget {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { left: limits }
    }

    /// What is left.
    pub(crate) fn left(&self) -> Limits {
        self.left
    }

    /// Takes steps.
    pub(crate) fn spend(&mut self, steps: u64) -> Result<(), Fault> {
        self.left.steps = self.left.steps.checked_sub(steps).ok_or(Fault::Limit("steps"))?;
        Ok(())
    }

    /// Takes memory, before it is allocated; and the steps to fill it.
    pub(crate) fn hold(&mut self, bytes: usize) -> Result<(), Fault> {
        self.left.memory = self.left.memory.checked_sub(bytes).ok_or(Fault::Limit("memory"))?;
        self.spend(steps_for(bytes))
    }

    /// Whether there is memory for a buffer that grows to so many bytes: it may be twice as large by then, and its
    /// half is still there while it grows.
    pub(crate) fn afford(&self, bytes: usize) -> Result<(), Fault> {
        if bytes.saturating_mul(3) > self.left.memory {
            return Err(Fault::Limit("memory"));
        }
        match steps_for(bytes) > self.left.steps {
            true => Err(Fault::Limit("steps")),
            false => Ok(()),
        }
    }

    /// Whether there is memory for what a call takes and gives back.
    pub(crate) fn lend(&self, bytes: usize) -> Result<(), Fault> {
        match bytes > self.left.memory {
            true => Err(Fault::Limit("memory")),
            false => Ok(()),
        }
    }

    /// Takes room in the output, which is memory too.
    pub(crate) fn write(&mut self, bytes: usize) -> Result<(), Fault> {
        self.left.output = self.left.output.checked_sub(bytes).ok_or(Fault::Limit("output"))?;
        self.hold(bytes.saturating_mul(2))
    }

    /// Takes effort, before it is made.
    pub(crate) fn strain(&mut self, effort: u32) -> Result<(), Fault> {
        self.left.effort = self.left.effort.checked_sub(effort).ok_or(Fault::Limit("effort"))?;
        Ok(())
    }

    /// How deep something may nest.
    pub(crate) fn nesting(&self) -> usize {
        self.left.nesting
    }
}

/// The steps that so many bytes cost.
pub(crate) fn steps_for(bytes: usize) -> u64 {
    u64::try_from(bytes / 64).unwrap_or(u64::MAX)
}
