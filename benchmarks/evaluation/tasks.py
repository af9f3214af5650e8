def evaluations(): return []
