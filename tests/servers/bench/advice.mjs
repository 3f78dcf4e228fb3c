// tests/servers/bench/advice.mjs -- what the benchmark peer knows: drug to gene, diplotype to
// phenotype, phenotype to advice.
export const DRUGS = {
  309362: { name: 'clopidogrel', gene: 'CYP2C19' },
  749196: { name: 'clopidogrel', gene: 'CYP2C19' },
  32968: { name: 'clopidogrel', gene: 'CYP2C19' },
  2670: { name: 'codeine', gene: 'CYP2D6' },
  10689: { name: 'tramadol', gene: 'CYP2D6' },
  36567: { name: 'simvastatin', gene: 'SLCO1B1' },
};

export const GENES = {
  CYP2C19: {
    hgnc: 'HGNC:2621',
    phenotypeCode: '79714-2',
    diplotypes: {
      '*1/*1': 'Normal Metabolizer',
      '*1/*2': 'Intermediate Metabolizer',
      '*1/*17': 'Rapid Metabolizer',
      '*2/*2': 'Poor Metabolizer',
      '*2/*3': 'Poor Metabolizer',
      '*17/*17': 'Ultrarapid Metabolizer',
    },
  },
  CYP2D6: {
    hgnc: 'HGNC:2625',
    phenotypeCode: '79715-9',
    diplotypes: {
      '*1/*1': 'Normal Metabolizer',
      '*1/*2x2': 'Ultrarapid Metabolizer',
      '*4/*5': 'Poor Metabolizer',
    },
  },
  SLCO1B1: {
    hgnc: 'HGNC:10959',
    phenotypeCode: '79722-5',
    diplotypes: { '*1/*5': 'Decreased Function', '*5/*5': 'Poor Function' },
  },
};

export const PHENOTYPE_ANSWERS = {
  'LA10315-2': 'Ultrarapid Metabolizer',
  'LA25390-8': 'Rapid Metabolizer',
  'LA25391-6': 'Normal Metabolizer',
  'LA10317-8': 'Intermediate Metabolizer',
  'LA9657-3': 'Poor Metabolizer',
  'LA25394-0': 'Poor Function',
  'LA25395-7': 'Decreased Function',
};

export const ADVICE = {
  clopidogrel: {
    'Poor Metabolizer': {
      indicator: 'critical',
      summary: 'Clopidogrel: avoid, CYP2C19 poor metabolizer',
      implication:
        'Significantly reduced formation of the active metabolite; increased on-treatment ' +
        'platelet reactivity; increased risk of adverse cardiac and cerebrovascular events.',
      recommendation:
        'Avoid clopidogrel if possible. Use prasugrel or ticagrelor at standard dose if ' +
        'there is no contraindication.',
      url: 'https://cpicpgx.org/guidelines/guideline-for-clopidogrel-and-cyp2c19/',
    },
    'Intermediate Metabolizer': {
      indicator: 'warning',
      summary: 'Clopidogrel: consider an alternative, CYP2C19 intermediate metabolizer',
      implication: 'Reduced formation of the active metabolite.',
      recommendation:
        'Avoid standard-dose clopidogrel if possible. Use prasugrel or ticagrelor.',
      url: 'https://cpicpgx.org/guidelines/guideline-for-clopidogrel-and-cyp2c19/',
    },
  },
  codeine: {
    'Ultrarapid Metabolizer': {
      indicator: 'critical',
      summary: 'Codeine: avoid, CYP2D6 ultrarapid metabolizer',
      implication: 'Increased formation of morphine leads to a higher risk of toxicity.',
      recommendation: 'Avoid codeine because of the potential for serious toxicity.',
      url: 'https://cpicpgx.org/guidelines/guideline-for-codeine-and-cyp2d6/',
    },
  },
  simvastatin: {
    'Poor Function': {
      indicator: 'warning',
      summary: 'Simvastatin: prescribe an alternative statin, SLCO1B1 poor function',
      implication: 'Increased simvastatin acid exposure; highly increased myopathy risk.',
      recommendation: 'Prescribe an alternative statin depending on the desired potency.',
      url: 'https://cpicpgx.org/guidelines/cpic-guideline-for-statins/',
    },
  },
};
